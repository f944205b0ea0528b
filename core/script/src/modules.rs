//! Imports of scripts: each file is read once, by the rules for all files that people write, and none may import
//! itself.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quorate_drill::{MAX_BYTES, read_text};
use rhai::{
    Engine, EvalAltResult, GlobalRuntimeState, Module, ModuleResolver, Position, Scope, Shared,
};

/// Finds imported scripts. Paths are relative to the folder of the script that was run.
pub(crate) struct Modules {
    folder: PathBuf,
    loaded: RefCell<BTreeMap<PathBuf, Shared<Module>>>,
    /// The files that are being loaded, the outermost first.
    loading: RefCell<Vec<(PathBuf, String)>>,
}

impl Modules {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            loaded: RefCell::default(),
            loading: RefCell::default(),
        }
    }

    fn load(
        &self,
        engine: &Engine,
        global: &mut GlobalRuntimeState,
        scope: &mut Scope<'_>,
        path: &str,
        file: &Path,
    ) -> Result<Module, Box<EvalAltResult>> {
        let text = read_text(file, Some(MAX_BYTES))
            .map_err(|why| said(format!("cannot read {}: {why}", file.display())))?;
        let mut ast = engine.compile(text)?;
        ast.set_source(path);
        Module::eval_ast_as_new_raw(engine, scope, global, &ast)
    }

    /// The error for a script that is being loaded already.
    fn circle(&self, path: &str, file: &Path) -> Option<Box<EvalAltResult>> {
        let loading = self.loading.borrow();
        let first = loading.iter().position(|(known, _)| known == file)?;
        let chain = loading[first..].iter().map(|(_, path)| path.as_str());
        let chain: Vec<&str> = chain.chain([path]).collect();
        Some(said(format!(
            "scripts import each other in a circle: {}",
            chain.join(" -> ")
        )))
    }
}

/// The path of a file that `file` imports. The engine may name it as in the `import`: relative to the script's folder
/// and without an ending.
pub(crate) fn imported(file: &str, path: &str) -> String {
    let mut path = std::path::PathBuf::from(path);
    if path.extension().is_none() {
        path.set_extension("rhai");
    }
    let folder = std::path::Path::new(file).parent();
    let beside = folder.map(|folder| folder.join(&path));
    let path = beside.filter(|beside| beside.is_file()).unwrap_or(path);
    path.display().to_string()
}

/// An error that consists of one sentence.
fn said(text: String) -> Box<EvalAltResult> {
    EvalAltResult::ErrorSystem(String::new(), text.into()).into()
}

impl ModuleResolver for Modules {
    fn resolve(
        &self,
        engine: &Engine,
        _source: Option<&str>,
        path: &str,
        pos: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let mut global = engine.new_global_runtime_state();
        self.resolve_raw(engine, &mut global, &mut Scope::new(), path, pos)
    }

    fn resolve_raw(
        &self,
        engine: &Engine,
        global: &mut GlobalRuntimeState,
        scope: &mut Scope<'_>,
        path: &str,
        pos: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let mut file = self.folder.join(path);
        file.set_extension("rhai");
        if let Some(module) = self.loaded.borrow().get(&file) {
            return Ok(module.clone());
        }
        let within = |error| Box::new(EvalAltResult::ErrorInModule(path.to_owned(), error, pos));
        if let Some(error) = self.circle(path, &file) {
            return Err(within(error));
        }
        if !file.exists() {
            return Err(EvalAltResult::ErrorModuleNotFound(path.to_owned(), pos).into());
        }
        self.loading
            .borrow_mut()
            .push((file.clone(), path.to_owned()));
        let loaded = self.load(engine, global, scope, path, &file);
        self.loading.borrow_mut().pop();
        let module: Shared<Module> = loaded.map_err(within)?.into();
        self.loaded.borrow_mut().insert(file, module.clone());
        Ok(module)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn run(files: &[(&str, &str)], script: &str) -> Result<i64, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut engine = Engine::new();
        engine.set_module_resolver(Modules::new(folder.path().to_path_buf()));
        engine.eval(script).map_err(|error| error.to_string())
    }

    #[test]
    fn a_mark_before_a_script_that_is_imported_is_no_part_of_it() {
        let files = [("a.rhai", "\u{feff}fn x() { 7 }")];
        assert_eq!(run(&files, "import \"a\" as a; a::x()"), Ok(7));
    }

    #[test]
    fn what_two_import_is_loaded_once_and_a_circle_is_no_end_of_the_stack() {
        let files = [
            ("a.rhai", "import \"c\" as c; fn x() { 1 }"),
            ("b.rhai", "import \"c\" as c; fn x() { 2 }"),
            ("c.rhai", "fn x() { 3 }"),
            ("d.rhai", "import \"e\" as e;"),
            ("e.rhai", "import \"d\" as d;"),
        ];
        let script = "import \"a\" as a; import \"b\" as b; a::x() + b::x()";
        assert_eq!(run(&files, script), Ok(3));
        let error = run(&files, "import \"d\" as d; 1").unwrap_err();
        assert!(error.contains("in a circle: d -> e -> d"), "{error}");
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let error = run(&[("a.rhai", "f\0n\0 \0x\0")], "import \"a\" as a; 1").unwrap_err();
        assert!(error.contains("UTF-16"), "{error}");
        let error = run(&[], "import \"a\" as a; 1").unwrap_err();
        assert!(error.contains("not found"), "{error}");
    }
}
