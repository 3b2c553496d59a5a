let count = 0

/** A text message of its own; what is given replaces what it would have. */
export function conversation(given: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...message('conversation'), value: 'Hello', ...given }
}

/** A picture whose file is still to come. */
export function imageMessage(given: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...message('imageMessage'),
    idFile: `file_${String(count).padStart(22, '0')}`,
    mimetype: 'image/jpeg',
    caption: '',
    fileStatus: 'stored',
    fileSize: 99,
    sha256: 'a'.repeat(64),
    ...given,
  }
}

function message(messageType: string): Record<string, unknown> {
  count += 1
  return {
    idSession: 'support',
    messageType,
    idEvent: `evt_${String(count).padStart(22, '0')}`,
    senderNumber: '34600111222@s.whatsapp.net',
    senderName: 'Ana',
    messageTimestamp: 1767225600,
    isMessageFromGroup: false,
    idMessage: `3EB0${count}`,
  }
}
