/** The entry of the Action. */
import { run } from './run.js'

await run()
