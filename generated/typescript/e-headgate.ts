import { Headgate as Client } from '../w/ts/generated/typescript/src/index.ts';
globalThis.client = new Client({ apiKey: 'none' });
