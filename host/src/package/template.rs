//! The SAM template of packaged functions: what a deploy tool must know that the zip does not say.
//!
//! Its first line has the SHA-256 of the others, so that one that somebody has edited is told from one that may be
//! written over.

use std::fmt::Write as _;

use durabox_runtime::precompiled::Architecture;

use super::sha256;

/// What the first line says before the SHA-256 of the lines below it.
const MARK: &str = "# Made by `durabox package`, which replaces it as long as nobody has changed it: sha256 ";

/// Memory of a function of which nothing is said, MB.
pub const MEMORY: i32 = 256;
/// Seconds of one of its invocations.
pub const TIMEOUT: i32 = 60;
/// Seconds of one of its executions: a day.
pub const EXECUTION_TIMEOUT: i32 = 86_400;
/// Days for which its executions are kept.
pub const RETENTION_DAYS: i32 = 14;

/// A function of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function<'a> {
    /// Its name.
    pub name: &'a str,
    /// The zip, beside the template.
    pub zip: &'a str,
    /// What it runs on.
    pub architecture: Architecture,
    /// What says which wasm it holds, for `durabox verify`.
    pub description: &'a str,
}

/// Returns the template of these functions: defaults that a person may change, and no permission
/// beyond what every durable function needs.
pub fn template(functions: &[Function<'_>]) -> String {
    let mut text = String::from(
        "# Deploy it with `sam deploy --guided --template-file template.yaml`.\n\
         AWSTemplateFormatVersion: \"2010-09-09\"\n\
         Transform: AWS::Serverless-2016-10-31\n\
         Resources:\n",
    );
    for function in functions {
        // Names stand in quotes: without them `no` is a boolean, and `0123` a number.
        let Function { name, zip, architecture, description } = function;
        let _ = write!(
            text,
            r#"  "{id}":
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: "{name}"
      Description: "{description}"
      CodeUri: "{zip}"
      Handler: bootstrap
      Runtime: provided.al2023
      Architectures: [{architecture}]
      MemorySize: {MEMORY}
      # Seconds of one invocation. An execution may take longer: it goes on in another.
      Timeout: {TIMEOUT}
      # Durable functions are invoked by a version or an alias.
      AutoPublishAlias: live
      DurableConfig:
        # Seconds of a whole execution, at most 31622400 (366 days).
        ExecutionTimeout: {EXECUTION_TIMEOUT}
        RetentionPeriodInDays: {RETENTION_DAYS}
      Policies:
        - Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Action:
                - lambda:CheckpointDurableExecution
                - lambda:GetDurableExecutionState
              Resource: !Sub "arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name}:*"
            # What the handler calls with `ctx.invoke` needs lambda:InvokeFunction on each target:
            # - Effect: Allow
            #   Action: lambda:InvokeFunction
            #   Resource: !Sub "arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:TARGET:*"
"#,
            id = logical_id(name)
        );
    }
    format!("{MARK}{}\n{text}", sha256(text.as_bytes()))
}

/// Whether a template is as [`template`] made it.
pub fn is_as_made(text: &[u8]) -> bool {
    let rest = text.strip_prefix(MARK.as_bytes());
    let lines = rest.and_then(|rest| rest.iter().position(|byte| *byte == b'\n').map(|end| rest.split_at(end)));
    lines.is_some_and(|(digest, below)| digest == sha256(&below[1..]).as_bytes())
}

/// Returns what CloudFormation calls it: letters and digits only.
fn logical_id(name: &str) -> String {
    let mut id = String::new();
    for word in name.split(|character: char| !character.is_ascii_alphanumeric()) {
        let mut characters = word.chars();
        id.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        id.extend(characters);
    }
    // Two names must not become one: what is left out is told apart by where it was.
    let left_out = name.bytes().filter(|byte| !byte.is_ascii_alphanumeric()).count();
    if left_out > 0 || !id.starts_with(|first: char| first.is_ascii_alphabetic()) {
        let _ =
            write!(id, "Function{}", name.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31) ^ u32::from(byte)));
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_names_the_zip_the_architecture_and_the_least_permissions() {
        let function = Function {
            name: "order",
            zip: "order-arm64.zip",
            architecture: Architecture::Arm64,
            description: "durabox 0.1.0, handler order",
        };
        let text = template(&[function]);
        for line in [
            "  \"Order\":\n    Type: AWS::Serverless::Function\n",
            "      CodeUri: \"order-arm64.zip\"\n",
            "      Description: \"durabox 0.1.0, handler order\"\n",
            "        ExecutionTimeout: 86400\n",
            "      Architectures: [arm64]\n",
            "      Runtime: provided.al2023\n",
            "                - lambda:CheckpointDurableExecution\n                - lambda:GetDurableExecutionState\n",
            "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:order:*",
        ] {
            assert!(text.contains(line), "{line:?} is not in\n{text}");
        }
        assert!(!text.lines().any(|line| line.contains("InvokeFunction") && !line.trim_start().starts_with('#')));
    }

    fn of(name: &str) -> String {
        let zip = format!("{name}-x86_64.zip");
        template(&[Function { name, zip: &zip, architecture: Architecture::X86_64, description: "made" }])
    }

    #[test]
    fn a_name_is_a_text_whatever_yaml_would_make_of_it() {
        for (name, id) in [("no", "No"), ("on", "On"), ("true", "True"), ("null", "Null"), ("0123", "0123Function")] {
            let text = of(name);
            assert!(text.contains(&format!("\n      FunctionName: \"{name}\"\n")), "{text}");
            assert!(text.contains(&format!("\n  \"{id}")), "{text}");
            let read: serde_json::Value = serde_saphyr::from_str(&text).expect("YAML");
            let (_, resource) = read["Resources"].as_object().and_then(|all| all.iter().next()).expect("a function");
            assert_eq!(resource["Properties"]["FunctionName"], name);
        }
    }

    #[test]
    fn a_template_that_somebody_has_changed_is_told_from_one_as_it_was_made() {
        let text = of("order");
        assert_eq!(text, of("order"));
        assert!(is_as_made(text.as_bytes()));
        for changed in [
            text.replace("MemorySize: 256", "MemorySize: 512"),
            text.replace('\n', "\r\n"),
            format!("{text}Outputs: {{}}\n"),
            text.lines().skip(1).collect::<Vec<_>>().join("\n"),
            format!("# mine\n{text}"),
            String::new(),
        ] {
            assert!(!is_as_made(changed.as_bytes()), "{changed}");
        }
    }

    #[test]
    fn every_name_gives_a_logical_id_of_its_own() {
        assert_eq!(logical_id("order"), "Order");
        let ids = ["hello_world", "hello-world", "helloWorld", "9lives"].map(logical_id);
        assert!(ids.iter().all(|id| id.chars().all(|character| character.is_ascii_alphanumeric())), "{ids:?}");
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    }
}
