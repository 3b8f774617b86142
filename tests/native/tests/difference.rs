//! The comparison itself: it finds what differs, and says both sides.

use durabox_native_tests::record::{Record, Records, differences};

fn step(id: &str, name: Option<&str>) -> Record {
    Record {
        id: id.into(),
        operation_type: "STEP".into(),
        sub_type: Some("Step".into()),
        name: name.map(str::to_owned),
        status: "SUCCEEDED".into(),
        result: Some("1".into()),
        error_type: None,
        error_message: None,
        retries: 0,
    }
}

fn execution(operations: Vec<Record>) -> Records {
    Records { status: "SUCCEEDED".into(), result: None, error_type: None, error_message: None, operations }
}

/// Compares, and returns what was found as text.
fn found(official: Vec<Record>, durabox: Vec<Record>, ordered: bool) -> Vec<String> {
    let differences = differences(&execution(official), &execution(durabox), ordered);
    differences.iter().map(ToString::to_string).collect()
}

#[test]
fn equal_records_have_no_differences() {
    assert_eq!(found(vec![step("a", None)], vec![step("a", None)], true), [""; 0]);
}

#[test]
fn a_field_that_differs_is_shown_on_both_sides() {
    let retried = Record { retries: 2, sub_type: None, ..step("a", Some("charge")) };
    assert_eq!(
        found(vec![step("a", Some("charge"))], vec![retried], true),
        [
            "STEP charge: sub_type\n  official  Some(\"Step\")\n  durabox   None",
            "STEP charge: retries\n  official  0\n  durabox   2",
        ]
    );
}

#[test]
fn an_operation_that_one_side_lacks_is_found_whichever_it_is() {
    let found = found(vec![step("a", None)], vec![step("b", None)], false);
    assert_eq!(
        found,
        [
            "STEP a: id\n  official  a\n  durabox   no such operation",
            "STEP b: id\n  official  no such operation\n  durabox   b",
        ]
    );
}

#[test]
fn another_order_is_a_difference_only_where_there_is_one() {
    let (ab, ba) = ([step("a", None), step("b", None)], [step("b", None), step("a", None)]);
    assert_eq!(found(ab.to_vec(), ba.to_vec(), false), [""; 0]);
    let order = "execution: order\n  official  [\"STEP a\", \"STEP b\"]\n  durabox   [\"STEP b\", \"STEP a\"]";
    assert_eq!(found(ab.to_vec(), ba.to_vec(), true), [order]);
}

#[test]
fn a_long_value_is_shown_in_part() {
    let long = Record { result: Some("x".repeat(9_000)), ..step("a", None) };
    let [difference] = &found(vec![long], vec![step("a", None)], true)[..] else { panic!("one difference") };
    assert!(difference.contains("… (9008 bytes)") && difference.len() < 600, "{difference}");
}
