/** Loaded before the connector by `--import`: lets the benchmark ask the process what it uses. */
import { serve } from './serve.ts'

serve({})
