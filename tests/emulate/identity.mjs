// Starts emulate's Okta or Google for signing in, on the port given as first argument, and prints its address.
// Second argument: the service, third: what is in it, as JSON.
import { createEmulator } from 'emulate';

const [port, service, seed] = process.argv.slice(2);
const emulator = await createEmulator({ service, port: Number(port), seed: { [service]: JSON.parse(seed) } });
console.log(emulator.url);
// The parent ends us by closing our standard input, also when it dies.
process.stdin.resume();
process.stdin.on('end', () => emulator.close().finally(() => process.exit(0)));
