import 'reflect-metadata'
import {
  BasicConstraintsExtension,
  cryptoProvider,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { webcrypto } from 'node:crypto'

const day = 86_400_000
const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

const makeKeys = () => webcrypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify'])

export interface ServerCertificate {
  cert: string
  key: string
}

/** An authority of our own, which certifies what a test wants to be certified. */
export async function makeAuthority() {
  cryptoProvider.set(webcrypto as never)
  const keys = await makeKeys()
  const issuer = 'CN=ChatLink conformance'
  const dates = (notAfter: number) => ({
    notBefore: new Date(notAfter - 90 * day),
    notAfter: new Date(notAfter),
  })
  const root = await X509CertificateGenerator.createSelfSigned({
    name: issuer,
    ...dates(Date.now() + 30 * day),
    signingAlgorithm,
    keys: keys as never,
    extensions: [
      new BasicConstraintsExtension(true, 1, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  })
  return {
    certificate: root.toString('pem'),
    async certify(host: string, notAfter = Date.now() + 30 * day): Promise<ServerCertificate> {
      const own = await makeKeys()
      const made = await X509CertificateGenerator.create({
        subject: 'CN=webhook',
        issuer,
        ...dates(notAfter),
        signingAlgorithm,
        publicKey: own.publicKey as never,
        signingKey: keys.privateKey as never,
        extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: host }])],
      })
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey)).toString('base64')
      const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`
      return { cert: made.toString('pem'), key }
    },
  }
}
