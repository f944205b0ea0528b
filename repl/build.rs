//! The shipped plugins are linked in for their files, which cargo then leaves beside the program; each has the one entry
//! symbol of the contract, which nothing here calls. Optimised builds put it beside code that is used.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The SDK's sources go into the program: a new file there is a new program.
    println!("cargo::rerun-if-changed=../plugins/sdk/src");
    println!("cargo::rerun-if-changed=../core/abi/src");
    println!("cargo::rustc-link-arg=-Wl,-z,muldefs");
}
