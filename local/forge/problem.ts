/** An answer that is not the one hoped for, as GitHub words it. */
export interface Problem extends Error {
  status: number;
  errors?: object[];
}

/** An error that the REST interface answers with `status`, GitHub's message and its `errors`. */
export function problem(status: number, message: string, errors?: object[]): Problem {
  return Object.assign(new Error(message), { status, errors });
}

/** GitHub's 422: `errors` says which field of which resource, and why. */
export function invalid(
  resource: string,
  error: { field?: string; code: string; message?: string },
): Problem {
  return problem(422, 'Validation Failed', [{ resource, ...error }]);
}

export function isProblem(error: unknown): error is Problem {
  return error instanceof Error && typeof (error as Partial<Problem>).status === 'number';
}
