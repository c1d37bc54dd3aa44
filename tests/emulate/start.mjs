// Starts the Google emulator on the port given as first argument, for the mailbox given as second,
// and prints its address once it answers. Its command line wants a newer Node; its API does not.
import { createEmulator } from 'emulate';

const [port, email] = process.argv.slice(2);
const emulator = await createEmulator({
  service: 'google',
  port: Number(port),
  seed: { google: { users: [{ email, name: 'Alice Moreau' }] } },
});
console.log(emulator.url.replace('localhost', '127.0.0.1'));
// The parent ends us by closing our standard input, also when it dies.
process.stdin.resume();
process.stdin.on('end', () => emulator.close().finally(() => process.exit(0)));
