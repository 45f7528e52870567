/** Calls an operation over the wire, as `AmazonSQS.SendMessage`; throws what AWS answers, by its name. */
// biome-ignore lint/suspicious/noExplicitAny: as it comes over the wire
export async function aws(endpoint: string, target: string, input: object): Promise<any> {
  const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.0' };
  const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(input) });
  const answer = await response.json();
  if (response.ok) return answer;
  throw Object.assign(new Error(answer.message ?? answer.Message), { name: answer.__type });
}

interface RestCall {
  service: 's3' | 'ses';
  method: string;
  path: string;
  body?: string;
  headers?: Record<string, string>;
}

/** Calls a REST-style service; answers whatever status it has. */
export async function rest(
  endpoint: string,
  { service, method, path, body = '', headers = {} }: RestCall,
): Promise<{ status: number; text: string }> {
  const authorization = `AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/${service}/aws4_request`;
  const response = await fetch(endpoint + path, {
    method,
    headers: { authorization, ...headers },
    ...(method !== 'GET' && { body }),
  });
  return { status: response.status, text: await response.text() };
}
