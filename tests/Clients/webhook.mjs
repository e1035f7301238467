// webhook.mjs SECRET ID TIMESTAMP SIGNATURE, the body at standard input: whether the receivers' library takes a delivery, and what is in it.
import { buffer } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

const [secret, id, timestamp, signature] = process.argv.slice(2);
const body = (await buffer(process.stdin)).toString();
try {
  const event = new Webhook(secret).verify(body, { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature });
  console.log(JSON.stringify({ event }));
} catch (fault) {
  console.log(JSON.stringify({ fault: fault.name, message: fault.message }));
}
