// Starts `quorate lsp` and lets VS Code speak with it.
'use strict';

const vscode = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');

let client;

async function activate() {
  const settings = vscode.workspace.getConfiguration('quorate');
  const server = { command: settings.get('command'), args: settings.get('arguments') };
  client = new LanguageClient('quorate', 'Quorate', server, {
    documentSelector: [
      { scheme: 'file', language: 'rhai' },
      { scheme: 'file', language: 'ron' },
    ],
  });
  await client.start();
}

function deactivate() {
  return client ? client.stop() : undefined;
}

module.exports = { activate, deactivate };
