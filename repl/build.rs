//! The shipped plugins are linked in for their files, which cargo then leaves beside the program; each has the one entry
//! symbol of the contract, which nothing here calls. Optimised builds put it beside code that is used.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg=-Wl,-z,muldefs");
}
