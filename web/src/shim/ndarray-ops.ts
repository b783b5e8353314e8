// h5web names the package ndarray-ops without using it in what is shown here.
export const assign = (): never => {
  throw new Error('ndarray-ops is not part of this page');
};
