//! The shipped plugins are linked in so that cargo leaves their files beside the program. Each has the entry symbol
//! of the contract, which nothing here calls. Optimised builds place it beside code that is used.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The SDK's sources are part of the program, so a new file there needs a new build.
    println!("cargo::rerun-if-changed=../plugins/sdk/src");
    println!("cargo::rerun-if-changed=../core/abi/src");
    println!("cargo::rustc-link-arg=-Wl,-z,muldefs");
}
