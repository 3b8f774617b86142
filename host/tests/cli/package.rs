//! `durabox package`: what it makes, what it refuses, and what its check tells apart.

use sha2::Digest as _;

use super::*;

/// Returns what the command can see of a bootstrap: a program for x86-64, of its own version.
fn bootstrap() -> Vec<u8> {
    let mut program = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0".to_vec();
    program.extend(format!("durabox-bootstrap {};", env!("CARGO_PKG_VERSION")).as_bytes());
    program
}

#[test]
fn a_package_is_the_same_each_time_and_is_told_from_others() {
    let place = Place::new("package");
    let mut program = bootstrap();
    place.write("bootstrap", &program);
    let hello = example("hello_world");
    let package = |out: &str| {
        let made = place.run(&["package", &hello, "--bootstrap", "bootstrap", "--out", out]);
        assert_eq!(made.code, 0, "{}", made.err);
        assert!(made.out.contains("hello_world") && made.err.contains("sam deploy"), "{}{}", made.out, made.err);
        std::fs::read(place.0.join(out).join("hello_world-x86_64.zip")).expect("a zip")
    };
    assert!(package("one") == package("two"), "byte for byte");
    let template = std::fs::read_to_string(place.0.join("one/template.yaml")).expect("a template");
    assert!(template.contains("CodeUri: \"hello_world-x86_64.zip\""), "{template}");

    let zip = "one/hello_world-x86_64.zip";
    let same = place.run(&["package", "--check", zip, &hello]);
    assert_eq!(same.code, 0, "{}", same.err);
    assert!(
        same.out.contains("its bootstrap fits the manifest") && same.out.contains("--bootstrap PATH"),
        "{}",
        same.out
    );
    let compared = place.run(&["package", "--check", zip, &hello, "--bootstrap", "bootstrap"]);
    assert!(compared.out.ends_with("its bootstrap is that of bootstrap\n"), "{}{}", compared.out, compared.err);
    program.push(b' ');
    place.write("other", &program);
    let replaced = place.run(&["package", "--check", zip, &hello, "--bootstrap", "other"]);
    replaced.refused(7, &["bootstrap was compared with other"]);
    assert!(replaced.out.starts_with("bootstrap, its SHA-256: expected "), "{}", replaced.out);
    let hosts = place.run(&["package", "--check", zip, &hello, "--allow-host", "api.test"]);
    assert_eq!(hosts.out, "manifest.json, the allowed hosts: expected api.test, found none\n", "{}", hosts.err);
    let other = place.run(&["package", "--check", zip, &example("order")]);
    other.refused(7, &["is not the tested artifact of", "order"]);
    let function = "manifest.json, the function: expected order, found hello_world\n";
    assert!(other.out.contains(function), "{}", other.out);
    assert!(other.out.contains("handler.wasm: expected ") && other.out.contains("handler.cwasm: "), "{}", other.out);
}

#[test]
fn a_bootstrap_or_a_zip_that_is_none_is_refused() {
    let place = Place::new("no-package");
    place.write("bootstrap", "#!/bin/sh\n");
    let unfit = place.run(&["package", &example("hello_world"), "--bootstrap", "bootstrap"]);
    unfit.refused(2, &["is not the bootstrap of durabox", "no program of Linux", "leave out --bootstrap"]);
    let unread = place.run(&["package", &example("hello_world"), "--bootstrap", "nope"]);
    unread.refused(2, &["the bootstrap nope cannot be read", "leave out --bootstrap"]);
    let unread = place.run(&["package", "--check", "bootstrap", &example("hello_world")]);
    unread.refused(5, &["cannot be checked", "not a zip"]);
    let missing = place.run(&["package", "nope.wasm"]);
    missing.refused(5, &["there is no file `nope.wasm`", "build the handler first"]);
    assert!(!missing.err.contains("Finished"), "that is said before a bootstrap is built: {}", missing.err);
    place.write("text.wasm", "hello");
    place.write("empty.wasm", b"\0asm\x0d\0\x01\0");
    let other = if cfg!(target_arch = "x86_64") { "arm64" } else { "x86_64" };
    for (arguments, words) in [
        (&["text.wasm"][..], &["text.wasm", "hello"][..]),
        (&["empty.wasm"], &["empty.wasm", "not a durable handler"]),
        // An ordinary build compiles for its own machine.
        (&["nope.wasm", "--arch", other], &["compiles for its own machine only", other, "--features arm64"]),
    ] {
        if arguments.contains(&other) && cfg!(feature = "arm64") {
            continue;
        }
        let refused = place.run(&[&["package"], arguments].concat());
        refused.refused(5, words);
        assert!(!refused.err.contains("Compiling") && !refused.err.contains("Finished"), "{}", refused.err);
    }
    place.run(&["package", "x.wasm", "--arch", "riscv"]).refused(2, &["x86_64 and arm64"]);
}

#[test]
fn two_artifacts_of_one_function_name_are_refused_before_anything_is_read() {
    let place = Place::new("one-name");
    let long = "x".repeat(64);
    let (long_a, long_b) = (format!("{long}a.wasm"), format!("{long}b.wasm"));
    for [first, second] in [["a/fn.wasm", "b/fn.wasm"], ["my order.wasm", "my.order.wasm"], [&long_a, &long_b]] {
        let words = [first, second, "are both packaged as the function `", "hint: rename one"];
        place.run(&["package", first, "other.wasm", second]).refused(2, &words);
        place.run(&["deploy", first, second]).refused(2, &words);
    }
}

#[test]
fn a_template_is_replaced_until_somebody_edits_it() {
    let place = Place::new("template");
    place.write("bootstrap", bootstrap());
    let package = |handler: &str| {
        let made = place.run(&["package", &example(handler), "--bootstrap", "bootstrap", "--out", "out"]);
        assert_eq!(made.code, 0, "{}", made.err);
        (std::fs::read_to_string(place.0.join("out/template.yaml")).expect("a template"), made.err)
    };
    let (order, _) = package("order");
    let (hello, err) = package("hello_world");
    assert!(hello.contains("hello_world") && !hello.contains("order") && !err.contains("is left as it is"), "{err}");
    let mine = hello.replace("MemorySize: 256", "MemorySize: 512");
    place.write("out/template.yaml", &mine);
    let (kept, err) = package("order");
    assert_eq!(kept, mine);
    for words in ["out/template.yaml is not as this durabox wrote it", "hint: delete it", "--out DIR"] {
        assert!(err.contains(words), "{words:?} is not in:\n{err}");
    }
    std::fs::remove_file(place.0.join("out/template.yaml")).expect("it is there");
    assert_eq!(package("order").0, order, "byte for byte");
}

#[test]
fn debug_data_of_another_bootstrap_does_not_stay_beside_the_zips() {
    let place = Place::new("debug-data");
    place.write("bootstrap", bootstrap());
    std::fs::create_dir(place.0.join("out")).expect("a directory");
    place.write("out/bootstrap-x86_64.debug", "of another program");
    let package = || place.run(&["package", &example("hello_world"), "--bootstrap", "bootstrap", "--out", "out"]);
    let (made, again) = (package(), package());
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(made.err.contains("removed out/bootstrap-x86_64.debug"), "{}", made.err);
    assert!(again.code == 0 && !again.err.contains("removed"), "{}", again.err);
    let mut names: Vec<_> = std::fs::read_dir(place.0.join("out")).expect("a directory").flatten().collect();
    names.sort_by_key(std::fs::DirEntry::file_name);
    let names: Vec<_> = names.iter().map(std::fs::DirEntry::file_name).collect();
    assert_eq!(names, ["hello_world-x86_64.zip", "template.yaml"]);
}

/// Makes a zip again, with each file as `change` leaves it.
fn zipped_again(zip: &Path, mut change: impl FnMut(&str, &mut Vec<u8>)) {
    let mut made = zip::ZipArchive::new(std::fs::File::open(zip).expect("a zip")).expect("a zip");
    let mut again = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for index in 0..made.len() {
        let mut file = made.by_index(index).expect("a file");
        let name = file.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut bytes).expect("its bytes");
        change(&name, &mut bytes);
        let options = zip::write::SimpleFileOptions::default().unix_permissions(file.unix_mode().expect("a mode"));
        again.start_file(name, options).expect("a file");
        again.write_all(&bytes).expect("its bytes");
    }
    let bytes = again.finish().expect("a zip").into_inner();
    std::fs::write(zip, bytes).expect("a file");
}

#[test]
fn a_zip_for_a_machine_without_a_compiler_is_no_success_and_its_differences_are_said() {
    // A build with both compilers compares everything.
    if cfg!(feature = "arm64") || cfg!(not(target_arch = "x86_64")) {
        return;
    }
    let place = Place::new("no-compiler");
    place.write("bootstrap", bootstrap());
    let (hello, zip) = (example("hello_world"), "out/hello_world-x86_64.zip");
    place.run(&["package", &hello, "--bootstrap", "bootstrap", "--out", "out"]);
    let mut program = bootstrap();
    program[18] = 0xb7;
    let digest: String = sha2::Sha256::digest(&program).iter().map(|byte| format!("{byte:02x}")).collect();
    zipped_again(&place.0.join(zip), |name, bytes| match name {
        "bootstrap" => bytes.clone_from(&program),
        "manifest.json" => {
            let mut manifest: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
            manifest["precompiled"]["architecture"] = "arm64".into();
            manifest["precompiled"]["cpu"] = "neoverse-n1".into();
            manifest["bootstrap"]["sha256"] = digest.clone().into();
            *bytes = manifest.to_string().into_bytes();
        }
        _ => {}
    });
    let in_part = place.run(&["package", "--check", zip, &hello]);
    in_part.refused(5, &["all of out/hello_world-x86_64.zip but handler.cwasm", "not for arm64", "--features arm64"]);
    zipped_again(&place.0.join(zip), |name, bytes| {
        if name == "handler.wasm" {
            bytes.push(0);
        }
    });
    let differs = place.run(&["package", "--check", zip, &hello]);
    differs.refused(7, &["handler.cwasm was not compared: this durabox compiles for its own machine only"]);
    assert!(differs.out.contains("\nhandler.wasm: expected "), "{}", differs.out);
}
