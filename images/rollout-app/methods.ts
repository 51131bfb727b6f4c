/** The gRPC methods of the app, for it and for its clients. Messages are bytes: no protobuf, no code generation. */
import type { MethodDefinition } from '@grpc/grpc-js'

const same = (bytes: Buffer) => bytes
const bytes = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
}

/** Answers the request's own bytes. */
export const ECHO: MethodDefinition<Buffer, Buffer> = {
  path: '/lastcall.e2e.App/Echo',
  requestStream: false,
  responseStream: false,
  ...bytes,
}

/** Answers `COUNT GAP_MS` by the numbers from 1 to COUNT, one each GAP_MS. */
export const COUNT: MethodDefinition<Buffer, Buffer> = {
  path: '/lastcall.e2e.App/Count',
  requestStream: false,
  responseStream: true,
  ...bytes,
}
