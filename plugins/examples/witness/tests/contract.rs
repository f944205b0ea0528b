//! The whole contract, as a test of the plugin's own.

use quorate_conformance::Suite;

#[test]
fn it_keeps_the_contract() {
    Suite::of_package("quorate-witness").assert();
}
