/**
 * Names of the layers that an exported model has around those that were trained, so that it takes and gives values in
 * the units of the data: by them it is recognized where it is trained further.
 */
export const INPUT_LAYER = 'swarmgrad_standardize';
export const OUTPUT_LAYER = 'swarmgrad_to_unit';
