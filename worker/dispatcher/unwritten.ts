/** After this many deliveries progress is written, even while more are under way … */
export const maxUnwritten = 50
/** … and after this long. What is delivered and not yet written is delivered again after a crash. */
export const maxUnwrittenMs = 250
/** What a batch delivers is told of, and may be written, so much later at most. */
export const maxBatchMs = 1500
