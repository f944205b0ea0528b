//! The variables that a script reads, as far as its text says.

use std::collections::BTreeSet;

use rhai::{ASTNode, Expr, Stmt};

use crate::engine::bare;
use crate::outline::called;

/// The variables that the text of a script reads by `var`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Their names.
    pub names: BTreeSet<String>,
    /// Whether it can read others: a name that is made up while it runs, or a script that it imports.
    pub others: bool,
}

/// The variables that the script `source` reads. None if it cannot be parsed.
pub fn asked(source: &str) -> Asked {
    let mut asked = Asked::default();
    let mut engine = bare();
    engine.set_strict_variables(false);
    let Ok(ast) = engine.compile(source) else {
        return asked;
    };
    ast.walk(&mut |path| {
        if let Some(ASTNode::Stmt(Stmt::Import(..))) = path.last() {
            asked.others = true;
        }
        let args = match path.last() {
            Some(ASTNode::Stmt(Stmt::FnCall(call, _)) | ASTNode::Expr(Expr::FnCall(call, _))) => {
                call.args.first()
            }
            _ => None,
        };
        match (called(path), args) {
            (Some(("var", _)), Some(Expr::StringConstant(name, _))) => {
                asked.names.insert(name.to_string());
            }
            (Some(("var" | "eval", _)), _) => asked.others = true,
            _ => {}
        }
        true
    });
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_they_are_read() {
        let found = asked(
            "let a = var(\"top\", 1);
             fn f() { var(\"function\", 1) }
             drill(\"t\", #{ cluster: \"c\" }, || { eventually(|| a < var(\"deep\", 2), var(\"argument\", 1.minutes)); });",
        );
        let names: Vec<&str> = found.names.iter().map(String::as_str).collect();
        assert_eq!(names, ["argument", "deep", "function", "top"]);
        assert!(!found.others);
        for text in [
            "let n = \"a\"; var(n, 1);",
            "import \"other\" as other;",
            "eval(\"var(1)\")",
        ] {
            assert!(asked(text).others, "{text}");
        }
        assert_eq!(asked("let ="), Asked::default());
    }
}
