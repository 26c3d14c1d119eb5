/** How much of a device's memory data may take while it contributes. */

/** The largest share of the memory that the training set and the test set may each take. */
const SHARE = 1 / 16;
/** What a phone has: for browsers that do not tell. */
const USUAL_GIB = 2;

/** Bytes. @param deviceMemory as the browser tells it: in GiB, coarsely, and never more than 8 */
export const memoryBudget = (deviceMemory = USUAL_GIB): number => Math.floor(SHARE * deviceMemory * 2 ** 30);
