/** The bundler would take qrcode's browser build, which draws on a canvas; this is the one that writes PNG bytes. */
declare module 'qrcode/lib/server.js' {
  export { default } from 'qrcode'
  export * from 'qrcode'
}
