use wasmtime::Engine;
use wasmtime::component::{HasSelf, Linker};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random};

use super::bindings::{io, operations};
use super::host::Host;
use super::http;

/// Returns everything that a guest can call: WASI 0.2 with our clocks, random numbers, output, files
/// and requests in the place of wasmtime-wasi's own, and the durable contract.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    let l = &mut linker;
    wasmtime_wasi::p2::add_to_linker_async(l)?;

    // Shadowed under wasmtime-wasi's own version of WASI, which its bindings carry: under the
    // version that a guest imports they would make a second, partial instance.
    l.allow_shadowing(true);
    clocks::wall_clock::add_to_linker::<Host, HasSelf<Host>>(l, |host| host)?;
    clocks::monotonic_clock::add_to_linker::<Host, HasSelf<Host>>(l, |host| host)?;
    random::random::add_to_linker::<Host, HasSelf<Host>>(l, |host| host)?;
    random::insecure::add_to_linker::<Host, HasSelf<Host>>(l, |host| host)?;
    random::insecure_seed::add_to_linker::<Host, HasSelf<Host>>(l, |host| host)?;
    cli::stdout::add_to_linker::<Host, HasSelf<Host>>(l, |host| host)?;
    cli::stderr::add_to_linker::<Host, HasSelf<Host>>(l, |host| host)?;
    filesystem::types::add_to_linker::<Host, HasSelf<Host>>(l, |host| host)?;
    http::add_to_linker(l)?;
    l.allow_shadowing(false);

    operations::add_to_linker::<Host, HasSelf<Host>>(l, |host| host)?;
    io::add_to_linker::<Host, HasSelf<Host>>(l, |host| host)?;
    Ok(linker)
}
