-- Quorate in Neovim (0.7 or later): drills, policies and resource scripts (.rhai), and cluster files (.ron).
-- How to set it up: README.md beside this file.

local command = vim.g.quorate_command or { 'quorate', 'lsp' }
-- One server for each folder.
local clients = {}

local function folder_of(path)
  local own = vim.fn.fnamemodify(path, ':p:h')
  local git = vim.fn.finddir('.git', own .. ';')
  if git ~= '' then
    return vim.fn.fnamemodify(git, ':p:h:h')
  end
  local here = vim.fn.getcwd()
  return own:sub(1, #here + 1) == here .. '/' and here or own
end

local function on_attach(_, buffer)
  vim.bo[buffer].omnifunc = 'v:lua.vim.lsp.omnifunc'
  local function map(keys, action)
    vim.keymap.set('n', keys, action, { buffer = buffer })
  end
  map('K', vim.lsp.buf.hover)
  map('gd', vim.lsp.buf.definition)
  map('<leader>rn', function() vim.lsp.buf.rename() end)
  map('<leader>ca', function() vim.lsp.buf.code_action() end)
end

local function attach(event)
  local buffer = event.buf
  local path = vim.api.nvim_buf_get_name(buffer)
  local kind = path:match('%.(%a+)$')
  if vim.bo[buffer].filetype == '' then
    vim.bo[buffer].filetype = kind
    -- Near enough to Rust for its colours.
    vim.bo[buffer].syntax = 'rust'
  end
  vim.bo[buffer].commentstring = '// %s'
  local folder = folder_of(path)
  if not clients[folder] then
    clients[folder] = vim.lsp.start_client({
      name = 'quorate',
      cmd = command,
      root_dir = folder,
      on_attach = on_attach,
      on_exit = function() clients[folder] = nil end,
    })
  end
  if clients[folder] then
    vim.lsp.buf_attach_client(buffer, clients[folder])
  end
end

vim.api.nvim_create_autocmd({ 'BufReadPost', 'BufNewFile' }, {
  group = vim.api.nvim_create_augroup('quorate', {}),
  pattern = { '*.rhai', '*.ron' },
  callback = attach,
})
