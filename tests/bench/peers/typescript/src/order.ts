// A customer becomes an order: every rule of the transformation, as a zod schema.

import { createHash } from 'node:crypto';
import * as z from 'zod';

const text = z.string().trim().min(1);
const optionalText = z
  .string()
  .trim()
  .nullish()
  .transform((text) => text || undefined);

const Message = z.object({
  order_date: z.iso.datetime({ offset: true }),
  customer: z
    .object({
      // To the letter: half of the order's identity.
      customer_id: z.union([z.string().refine((id) => id.trim() !== ''), z.int().transform(String)]),
      first_name: optionalText,
      last_name: optionalText,
      email: z.string().trim().pipe(z.email()),
      phone: optionalText,
      address: z.object({
        street: text,
        city: text,
        state: text,
        // An integer is a zip code that lost its leading zeros.
        zip: z.union([
          z
            .int()
            .min(0)
            .transform((zip) => String(zip).padStart(5, '0')),
          text,
        ]),
      }),
    })
    .refine((customer) => customer.first_name || customer.last_name, {
      error: 'first_name, last_name: one of the two is required',
    }),
});

export interface Order {
  orderId: string;
  customerInfo: { id: string; name: string; contactEmail: string; contactPhone?: string };
  shippingAddress: { line1: string; city: string; region: string; postalCode: string };
  orderDate: string;
}

/** The order of a message; a ZodError names every rule that its customer breaks, a SyntaxError that it is no JSON. */
export function orderOf(body: string): Order {
  const { order_date, customer } = Message.parse(JSON.parse(body));
  const orderDate = new Date(order_date).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    orderId: orderId(customer.customer_id, orderDate),
    customerInfo: {
      id: customer.customer_id,
      name: [customer.first_name, customer.last_name].filter(Boolean).join(' '),
      contactEmail: customer.email,
      contactPhone: customer.phone,
    },
    shippingAddress: {
      line1: customer.address.street,
      city: customer.address.city,
      region: customer.address.state,
      postalCode: customer.address.zip,
    },
    orderDate,
  };
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function orderId(customerId: string, orderDate: string): string {
  const digest = createHash('sha256').update(`${customerId}\n${orderDate}`).digest();
  let code = '';
  // 80 bits, five at a time; 40 bits fit a number.
  for (const start of [0, 5]) {
    const bits = digest.readUIntBE(start, 5);
    for (let shift = 35; shift >= 0; shift -= 5) {
      code += CROCKFORD[Math.floor(bits / 2 ** shift) % 32];
    }
  }
  return `ORD-${orderDate.slice(0, 10).replaceAll('-', '')}-${code}`;
}
