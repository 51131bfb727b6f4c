/** nginx behind lastcall answers as nginx alone does: static files, keep-alive, ranges, pipelining, bodies it discards. */
import { join } from 'node:path'
import tap from 'tap'
import { FILE_TEXT, FILE_TIME, forwardedFor, sameAnswers } from '../fixtures/exchanges.ts'
import { file, folder } from '../fixtures/folder.ts'
import { installed, missing } from '../fixtures/installed.ts'
import { freePort } from '../fixtures/ports.ts'
import { startProgram } from '../fixtures/program.ts'
import { accepting, startSidecar } from '../fixtures/sidecar.ts'

const nginx = installed('nginx')

await tap.test('nginx', { skip: missing(nginx, 'nginx-light') }, async (t) => {
  const home = folder(t)
  const port = await freePort()
  file(home, 'file.txt', FILE_TEXT, FILE_TIME)
  const configuration = file(home, 'nginx.conf', configure(home, port))
  startProgram(t, { command: nginx!, args: ['-c', configuration, '-e', 'stderr'] })
  const direct = { host: '127.0.0.1', port }
  await accepting(direct)

  const sidecar = await startSidecar(t, { app: `127.0.0.1:${port}` })
  await sidecar.ready()
  await sameAnswers(t, direct, sidecar.listen)
  await forwardedFor(t, sidecar.listen)
})

function configure(home: string, port: number): string {
  return `
    daemon off;
    master_process off;
    pid ${join(home, 'pid')};
    error_log stderr;
    events {}
    http {
      access_log off;
      client_body_temp_path ${home}; proxy_temp_path ${home}; fastcgi_temp_path ${home};
      uwsgi_temp_path ${home}; scgi_temp_path ${home};
      server {
        listen 127.0.0.1:${port};
        root ${home};
        location = /echo { return 200 "$request_method $request_uri $http_content_length $http_transfer_encoding\\n"; }
        location = /forwarded { return 200 "$http_x_forwarded_for\\n"; }
      }
    }
  `
}
