/** `keras.src.utils.naming.to_snake_case`: Conv2DTranspose -> conv2d_transpose, LSTM -> lstm. */
export const snakeCase = (name: string): string =>
  name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
