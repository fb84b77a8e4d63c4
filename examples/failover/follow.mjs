// node follow.mjs SITE OTHER: the step of the procedure that makes the database of one site follow the other's.
import { follow, readScene } from './database.mjs';

const [site, other] = process.argv.slice(2);
try {
  await follow(site, other, readScene());
  console.log(`${site} follows ${other}`);
} catch (error) {
  console.error(error.message); // what the step says of it is for people
  process.exitCode = 1;
}
