import t from 'tap'
t.match(process.version, /^v24\./, 'the tests run on the Node that the project pins')
