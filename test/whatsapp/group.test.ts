import { describe, expect, it } from 'vitest'
import type { GroupChange } from './group-change.ts'
import { useWhatsApp } from './harness.ts'

const world = useWhatsApp()

async function grouped() {
  const { phone, client } = await world.linked()
  const ana = world.whatsapp.createContact({ number: '34600111222', name: 'Ana' })
  const leo = world.whatsapp.createContact({ number: '34600111333', name: 'Leo' })
  const group = world.whatsapp.createGroup({ subject: 'Friends', members: [ana, phone], admins: [phone] })
  const updates: Record<string, unknown>[] = []
  const record = (update: unknown) => void updates.push(...([update].flat() as Record<string, unknown>[]))
  client.socket.ev.on('groups.update', record)
  client.socket.ev.on('groups.upsert', record)
  client.socket.ev.on('group-participants.update', record)
  return { phone, client, ana, leo, group, updates }
}

describe('a linked client', () => {
  it.each<[string, GroupChange, object]>([
    ['subject', { subject: 'Family' }, { subject: 'Family' }],
    ['description', { description: 'Only us' }, { desc: 'Only us' }],
    ['announcement', { announcement: true }, { announce: true }],
    ['lock', { locked: true }, { restrict: true }],
    ['invitation', { newInviteCode: true }, { inviteCode: expect.any(String) as string }],
  ])('is told when a member changes the %s', async (_, change, seen) => {
    const { phone, ana, group, updates } = await grouped()
    group.change(ana, change)
    await expect.poll(() => updates).toContainEqual(expect.objectContaining({ id: group.jid, ...seen }))
    expect(updates[0]).toMatchObject({ author: ana.lidJid })
    await expect.poll(() => phone.pending).toEqual([])
  })

  it('is told who came, who rose, who fell and who went', async () => {
    const { ana, leo, group, updates } = await grouped()
    for (const action of ['add', 'promote', 'demote', 'remove'] as const) {
      group.change(ana, { [action]: [leo] } as unknown as GroupChange)
      const participants = [expect.objectContaining({ id: leo.lidJid, phoneNumber: leo.pnJid }) as object]
      const update = { id: group.jid, action, author: ana.lidJid, participants }
      await expect.poll(() => updates).toContainEqual(expect.objectContaining(update))
    }
  })

  it('administers a group, is told what it did, and is refused what it may not do', async () => {
    const { client, ana, leo, updates } = await grouped()
    const { socket } = client
    const { id } = await socket.groupCreate('Work', [ana.pnJid!])
    await socket.groupUpdateSubject(id, 'Works')
    await socket.groupUpdateDescription(id, 'Nine to five')
    await socket.groupSettingUpdate(id, 'announcement')
    await socket.groupToggleEphemeral(id, 86_400)
    await socket.groupParticipantsUpdate(id, [leo.pnJid!], 'add')
    await socket.groupParticipantsUpdate(id, [leo.pnJid!], 'promote')
    expect(await socket.groupMetadata(id)).toMatchObject({
      subject: 'Works',
      desc: 'Nine to five',
      announce: true,
      ephemeralDuration: 86_400,
      participants: expect.arrayContaining([
        expect.objectContaining({ id: leo.lidJid, admin: 'admin' }),
      ]) as object,
    })
    const code = await socket.groupInviteCode(id)
    expect(await socket.groupGetInviteInfo(code!)).toMatchObject({ id, size: 3 })
    expect(await socket.groupRevokeInvite(id)).not.toBe(code)
    await expect.poll(() => updates).toContainEqual(expect.objectContaining({ id, subject: 'Works' }))

    const theirs = world.whatsapp.createGroup({ subject: 'Theirs', members: [ana, leo] })
    expect(await socket.groupAcceptInvite(theirs.inviteCode)).toBe(theirs.jid)
    await expect(socket.groupParticipantsUpdate(theirs.jid, [leo.pnJid!], 'remove')).rejects.toThrow(
      'forbidden',
    )
    await socket.groupLeave(theirs.jid)
    await expect(socket.groupMetadata(theirs.jid)).rejects.toThrow('item-not-found')
  })

  it('gets what its own phone writes into a group, and so do the members', async () => {
    const { phone, client, ana, group } = await grouped()
    const { id } = await phone.sendFromPhone(group, { text: 'From the phone' })
    const { key } = await client.message((own) => own.key.id === id && !!own.message)
    expect(key).toMatchObject({ fromMe: true, remoteJid: group.jid })
    await ana.waitForMessage((message) => message.id === id && message.group === group.jid)
  })
})
