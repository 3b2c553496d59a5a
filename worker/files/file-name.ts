const maxNameCharacters = 255

/** What a server calls a file: by its header, else by the end of the URL's path; nothing when neither tells. */
export function nameOf(disposition: string | null, url: URL): string | undefined {
  const encoded = /filename\*=UTF-8''([^;\s]+)/i.exec(disposition ?? '')?.[1]
  const plain = /filename="([^"]*)"|filename=([^;\s]+)/i.exec(disposition ?? '')
  const told = decode(encoded) ?? plain?.[1] ?? plain?.[2] ?? decode(url.pathname.split('/').at(-1))
  // A name is no path, and nothing that a terminal or a header would obey.
  const name = told
    ?.replaceAll(/[\p{Cc}/\\]/gu, '')
    .slice(0, maxNameCharacters)
    .toWellFormed()
    .trim()
  return name === '' || name === '.' || name === '..' ? undefined : name
}

function decode(text: string | undefined): string | undefined {
  if (!text) return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
