/**
 * WhatsApp's codes in the acknowledgement of a message, in words. WhatsApp documents none of them: these are what is known
 * from their use. `docs/whatsapp.md` has the same table.
 */
const texts: Record<string, string> = {
  '400': 'WhatsApp refused the message as malformed. Check its address and content.',
  '401': 'WhatsApp does not let this account write to this chat. It may have been blocked or removed.',
  '403':
    'WhatsApp does not let this account write to this chat: it is not a member, or only administrators may write.',
  '404': 'WhatsApp knows no such recipient. Check the number.',
  '406': 'WhatsApp does not take this message for this recipient.',
  '410': 'The chat is no more.',
  '413': 'WhatsApp takes no message of this size.',
  '421': 'The addresses of the group have changed. Send it again.',
  '429': 'WhatsApp takes no more messages of this account for a while. Send fewer, and later.',
  '463':
    'WhatsApp does not let this account write to this chat at the moment. Wait, or let the other side write first.',
  '479': 'WhatsApp refused the message as malformed. Check the address.',
  '500': 'WhatsApp failed to take the message. Send it again later.',
  '503': 'WhatsApp cannot take messages at the moment. Send it again later.',
}

/** Explains why WhatsApp refused a message. */
export function explainRefusal(errorCode: string): string {
  return texts[errorCode] ?? `WhatsApp refused the message with code ${errorCode}, and gives no reason.`
}
