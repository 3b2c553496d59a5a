import { z } from 'zod'
import { IdEvent, IdSubscription } from '../id.ts'
import { defineEvent } from './define.ts'
import { described } from './field.ts'

export const SubscriptionAction = z.enum(['failing', 'recovered', 'exhausted', 'disabled'])
export type SubscriptionAction = z.infer<typeof SubscriptionAction>

export const SubscriptionUpdateEvent = defineEvent(
  'subscriptionUpdate',
  {
    id: 'SubscriptionUpdateEvent',
    en: 'Deliveries to another subscription fail, or work again. Never told to the one that it is about.',
    es: 'Las entregas a otra suscripción fallan, o vuelven a funcionar. Nunca se comunica a la propia suscripción.',
  },
  {
    idSubscription: described(
      IdSubscription,
      'The subscription that it is about.',
      'La suscripción en cuestión.',
    ),
    action: described(
      SubscriptionAction,
      '`failing`: deliveries fail. `recovered`: they work again. `exhausted`: one event used up its retries. `disabled`: nothing is sent any more.',
      '`failing`: las entregas fallan. `recovered`: vuelven a funcionar. `exhausted`: un evento agotó sus reintentos. `disabled`: ya no se envía nada.',
    ),
    failedEvent: described(
      IdEvent.optional(),
      'The event that could not be delivered.',
      'El evento que no se entregó.',
    ),
    reason: described(z.string().optional(), 'Why, as a code.', 'Por qué, como código.'),
    reasonText: described(z.string().optional(), 'Why, in words.', 'Por qué, en palabras.'),
  },
  {
    idSubscription: 'sub_5hVn8rJc1xTq4mWe7yKzPd',
    action: 'failing',
    failedEvent: 'evt_9bNq2mYt7wLx4kVz1cRfHg',
    reason: 'timeout',
    reasonText: 'The endpoint did not answer within 15 seconds.',
  },
)
