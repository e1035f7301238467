// What a customer's program does with types that are generated from the API's document (openapi-typescript) and a client by them.
import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

type Problem = components['schemas']['Problem'];

/** Creates an account, lists, reads and deletes it, and is refused a bad name. */
export async function journey(address: string, token: string, domain: string) {
  const client = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${token}` } });

  const me = must(await client.GET('/api/v1/me'));
  const accounts = { params: { path: { name: domain } } } as const;
  const refused = await client.POST('/api/v1/domains/{name}/accounts', { ...accounts, body: { name: '-', password: 'Hatsukoi-12ab' } });
  const problem: Problem | undefined = refused.error;

  const created = must(await client.POST('/api/v1/domains/{name}/accounts', { ...accounts, body: { name: 'ichiro', password: 'Hatsukoi-12ab', capacityMb: 20 } }));
  const one = { params: { path: { address: created.address } } } as const;
  const read = must(await client.GET('/api/v1/accounts/{address}', one));
  const listed = must(await client.GET('/api/v1/domains/{name}/accounts', { params: { path: { name: domain }, query: { limit: 500, sort: 'createdAt', order: 'desc' } } }));
  const job = must(await client.DELETE('/api/v1/accounts/{address}', one));

  return {
    role: me.role,
    refused: { status: refused.response.status, codes: problem?.errors.map((e) => e.code), fields: problem?.errors.map((e) => e.field) },
    created: created.address,
    read: { capacityMb: read.capacityMb, restrictions: read.restrictions?.length },
    listed: listed.items.map((a) => a.address),
    job: { kind: job.kind, id: job.id },
  };
}

function must<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}
