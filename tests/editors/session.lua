-- A session in Neovim, as a person has one: opened files, typing, and questions. What was seen goes to a file as JSON.
local folder, result = os.getenv('FOLDER'), os.getenv('RESULT')
local seen = {}

local function wait(what, condition)
  if not vim.wait(30000, condition, 20) then
    error('waited in vain for ' .. what)
  end
end

local function find(text)
  local at = vim.fn.searchpos(text, 'w')
  assert(at[1] > 0, 'no ' .. text)
end

local function ask(method, more)
  local params = vim.tbl_extend('force', vim.lsp.util.make_position_params(0, 'utf-16'), more or {})
  local answers = vim.lsp.buf_request_sync(0, 'textDocument/' .. method, params, 30000)
  for _, answer in pairs(answers or {}) do
    if answer.error then
      return answer.error.message
    end
    return answer.result
  end
end

local function messages(buffer)
  return vim.tbl_map(function(it)
    local code = it.code or (it.user_data and it.user_data.lsp and it.user_data.lsp.code)
    return { code = code, message = it.message, line = it.lnum, from = it.col, to = it.end_col }
  end, vim.diagnostic.get(buffer))
end

local function labels(answer)
  return vim.tbl_map(function(it) return it.label end, answer.items)
end

local function session()
  vim.cmd('edit ' .. folder .. '/drills/mail.rhai')
  local drill = vim.api.nvim_get_current_buf()

  -- Findings, and what was probably meant.
  wait('findings', function() return #vim.diagnostic.get(drill) > 0 end)
  seen.findings = messages(drill)
  find('NODE33')
  local range = vim.lsp.util.make_range_params(0, 'utf-16')
  range.context = { diagnostics = {} }
  local actions = vim.lsp.buf_request_sync(0, 'textDocument/codeAction', range, 30000)
  for _, answer in pairs(actions) do
    seen.fixes = vim.tbl_map(function(it) return it.title end, answer.result)
    vim.lsp.util.apply_workspace_edit(answer.result[1].edit, 'utf-16')
  end
  wait('no findings', function() return #vim.diagnostic.get(drill) == 0 end)
  seen.mended = vim.api.nvim_buf_get_lines(drill, 3, 4, false)[1]

  -- Hover and definition.
  find('crash')
  seen.hover_word = ask('hover').contents.value
  find('EVS3')
  vim.cmd('normal! l')
  seen.hover_name = ask('hover').contents.value
  find('"NODE3')
  vim.cmd('normal! l')
  seen.definition = ask('definition')

  -- Completion of what is typed and not saved.
  vim.api.nvim_buf_set_lines(drill, 5, 5, false, { '    node("' })
  seen.names = labels(ask('completion', { position = { line = 5, character = 10 } }))
  vim.api.nvim_buf_set_lines(drill, 5, 6, false, { '    let g = group("EVS3"); g.' })
  seen.members = labels(ask('completion', { position = { line = 5, character = 29 } }))
  wait('the findings of a broken text', function() return #vim.diagnostic.get(drill) > 0 end)
  vim.api.nvim_buf_set_lines(drill, 5, 6, false, {})
  wait('a text that is whole again', function() return #vim.diagnostic.get(drill) == 0 end)
  seen.symbols = vim.tbl_map(function(it) return it.name end, ask('documentSymbol'))

  -- A policy has its own words.
  vim.cmd('edit ' .. folder .. '/policies/rack.rhai')
  local policy = vim.api.nvim_get_current_buf()
  wait('the policy', function() return next(vim.lsp.buf_get_clients(policy)) ~= nil end)
  find('stay')
  seen.hover_answer = ask('hover').contents.value
  find('cause')
  seen.hover_cause = ask('hover').contents.value
  find('Failback')
  seen.causes = labels(ask('completion'))
  vim.api.nvim_buf_set_lines(policy, 2, 3, false, { '    candidates[0].' })
  seen.fields = labels(ask('completion', { position = { line = 2, character = 18 } }))
  vim.cmd('silent edit!')

  -- A cluster file that is changed and not saved counts for the drill.
  vim.cmd('edit ' .. folder .. '/clusters/mail.ron')
  local cluster = vim.api.nvim_get_current_buf()
  wait('the cluster file', function() return next(vim.lsp.buf_get_clients(cluster)) ~= nil end)
  find('role')
  seen.hover_field = ask('hover').contents.value
  local line = vim.fn.search('"EVS3"', 'w')
  local text = vim.api.nvim_buf_get_lines(cluster, line - 1, line, false)[1]
  vim.api.nvim_buf_set_lines(cluster, line - 1, line, false, { (text:gsub('EVS3', 'EVS7')) })
  wait('findings in the drill', function() return #vim.diagnostic.get(drill) > 0 end)
  seen.unsaved = messages(drill)
  vim.api.nvim_buf_set_lines(cluster, line - 1, line, false, { text })
  wait('no findings in the drill', function() return #vim.diagnostic.get(drill) == 0 end)

  -- A mistake in the cluster file has its rule.
  line = vim.fn.search('"CLUSTER1"', 'w')
  text = vim.api.nvim_buf_get_lines(cluster, line - 1, line, false)[1]
  vim.api.nvim_buf_set_lines(cluster, line - 1, line, false, { text .. ' nmae: "X",' })
  wait('findings in the cluster file', function() return #vim.diagnostic.get(cluster) > 0 end)
  seen.cluster = messages(cluster)
  vim.api.nvim_buf_set_lines(cluster, line - 1, line, false, { text })
  wait('a sound cluster file', function() return #vim.diagnostic.get(cluster) == 0 end)

  -- Renaming, from either file.
  find('name: "NODE3"')
  vim.cmd('normal! f"l')
  seen.prepared = ask('prepareRename')
  seen.refused = ask('rename', { newName = 'NODE4' })
  vim.lsp.util.apply_workspace_edit(ask('rename', { newName = 'MAILBOX' }), 'utf-16')
  vim.api.nvim_set_current_buf(drill)
  find('"EVS3"')
  vim.cmd('normal! l')
  vim.lsp.util.apply_workspace_edit(ask('rename', { newName = 'POST' }), 'utf-16')
  find('POST SMTP')
  -- The editor tells of a buffer that is not shown a moment later.
  wait('the new name in the cluster file', function()
    seen.no_name = ask('rename', { newName = 'X' })
    return seen.no_name:match('is made by')
  end)
  find('run')
  seen.nothing = ask('rename', { newName = 'X' })
  vim.cmd('silent wall')

  -- Nothing that is typed stops it.
  vim.api.nvim_buf_set_lines(drill, 0, -1, false, { 'drill("x", #{ cluster: (((', '"\\', '/* `', '${', '😀"' })
  wait('findings in what is no text at all', function() return #vim.diagnostic.get(drill) > 0 end)
  seen.alive = ask('documentSymbol')[1].name
end

local fine, why = pcall(session)
if not fine then
  seen.error = tostring(why)
end
local file = assert(io.open(result, 'w'))
file:write(vim.fn.json_encode(seen))
file:close()
vim.cmd('qall!')
