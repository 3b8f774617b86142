//! The operations on functions, as far as a deploy tool needs them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use durabox_runtime::model::null_is_default;
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::request::{Path, Query, header, json as read};
use crate::function::{Code, DurableConfig, FunctionSettings, FunctionVersion};
use crate::names::{FunctionName, LATEST};
use crate::service::{Service, ServiceError};

type RequestBody = Result<Bytes, BytesRejection>;
type Answer = Result<Response, ApiError>;

/// The members that CreateFunction and UpdateFunctionConfiguration share.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Configuration {
    runtime: Option<String>,
    role: Option<String>,
    handler: Option<String>,
    description: Option<String>,
    timeout: Option<u64>,
    memory_size: Option<u64>,
    environment: Option<Environment>,
    architectures: Option<Vec<String>>,
    durable_config: Option<DurableConfig>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Environment {
    #[serde(deserialize_with = "null_is_default")]
    variables: BTreeMap<String, String>,
}

impl Configuration {
    fn apply(self, settings: &mut FunctionSettings) {
        fn set<T>(member: &mut T, given: Option<T>) {
            if let Some(given) = given {
                *member = given;
            }
        }
        set(&mut settings.role, self.role);
        set(&mut settings.description, self.description);
        set(&mut settings.timeout_seconds, self.timeout);
        set(&mut settings.memory_mb, self.memory_size);
        set(&mut settings.architectures, self.architectures);
        settings.runtime = self.runtime.or(settings.runtime.take());
        settings.handler = self.handler.or(settings.handler.take());
        settings.durable_config = self.durable_config.or(settings.durable_config.take());
        if let Some(environment) = self.environment {
            settings.environment = environment.variables;
        }
    }
}

/// POST /2015-03-31/functions
pub async fn create(State(service): State<Arc<Service>>, body: RequestBody) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Create {
        function_name: String,
        code: FunctionCode,
        #[serde(default, deserialize_with = "null_is_default")]
        publish: bool,
        #[serde(flatten)]
        configuration: Configuration,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct FunctionCode {
        zip_file: Option<String>,
    }
    let Create { function_name, code, publish, configuration } = read(&body?)?;
    let name = FunctionName::parse(&function_name, None).map_err(ApiError::invalid)?.name;
    let mut settings = FunctionSettings::lambda_default();
    configuration.apply(&mut settings);
    let zip = unzip_field(code.zip_file.as_deref())?;
    let version =
        blocking(move || service.create_function(&name, settings, zip, publish).map(|version| (version, service)))
            .await?;
    let (version, service) = version;
    Ok((StatusCode::CREATED, Json(configuration_of(&service, &version, None))).into_response())
}

/// Runs what unpacks zips or compiles away from the threads that answer requests.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(error) => Err(ServiceError::Service(error.to_string()).into()),
    }
}

fn unzip_field(zip: Option<&str>) -> Result<Vec<u8>, ApiError> {
    let Some(zip) = zip else {
        return Err(ApiError::invalid("Code.ZipFile is missing; code in S3 or in an image is not served here"));
    };
    BASE64.decode(zip).map_err(|error| ApiError::invalid(format!("ZipFile is not base64: {error}")))
}

/// PUT …/{name}/code
pub async fn update_code(State(service): State<Arc<Service>>, Path(name): Path<String>, body: RequestBody) -> Answer {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Update {
        zip_file: Option<String>,
        #[serde(deserialize_with = "null_is_default")]
        publish: bool,
        #[serde(deserialize_with = "null_is_default")]
        dry_run: bool,
        architectures: Option<Vec<String>>,
        revision_id: Option<String>,
    }
    let function = FunctionName::parse(&name, None).map_err(ApiError::invalid)?;
    let update: Update = read(&body?)?;
    check_revision(&service, &function, update.revision_id.as_deref())?;
    let zip = unzip_field(update.zip_file.as_deref())?;
    if update.dry_run {
        let latest = find(&service, &function)?;
        return Ok(Json(configuration_of(&service, &latest, None)).into_response());
    }
    let (version, service) = blocking(move || {
        let version = service.update_code(&function, zip, update.publish, update.architectures)?;
        Ok((version, service))
    })
    .await?;
    Ok(Json(configuration_of(&service, &version, None)).into_response())
}

/// PUT …/{name}/configuration
pub async fn update_configuration(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    body: RequestBody,
) -> Answer {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Update {
        #[serde(default)]
        revision_id: Option<String>,
        #[serde(flatten)]
        configuration: Configuration,
    }
    let function = FunctionName::parse(&name, None).map_err(ApiError::invalid)?;
    let Update { revision_id, configuration } = read(&body?)?;
    check_revision(&service, &function, revision_id.as_deref())?;
    let version = service.update_settings(&function, |settings| configuration.apply(settings))?;
    Ok(Json(configuration_of(&service, &version, None)).into_response())
}

fn check_revision(service: &Service, function: &FunctionName, revision: Option<&str>) -> Result<(), ApiError> {
    let Some(revision) = revision else { return Ok(()) };
    let latest = find(service, function)?;
    if latest.revision_id == revision {
        return Ok(());
    }
    let message = "The Revision Id provided does not match the latest Revision Id. \
                   Call the GetFunction API to retrieve the latest Revision Id";
    Err(ServiceError::Conflict(message.into()).into())
}

/// POST …/{name}/versions
pub async fn publish(State(service): State<Arc<Service>>, Path(name): Path<String>, body: RequestBody) -> Answer {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Publish {
        description: Option<String>,
        code_sha256: Option<String>,
        revision_id: Option<String>,
    }
    let function = FunctionName::parse(&name, None).map_err(ApiError::invalid)?;
    let Publish { description, code_sha256, revision_id } = read(&body?)?;
    check_revision(&service, &function, revision_id.as_deref())?;
    let latest = find(&service, &function)?;
    if let Some(digest) = code_sha256.filter(|digest| *digest != latest.code_sha256) {
        return Err(ApiError::invalid(format!(
            "CodeSHA256 ({digest}) is different from current CodeSHA256 in $LATEST ({})",
            latest.code_sha256
        )));
    }
    let version = service.publish_version(&function.name, description)?;
    Ok((StatusCode::CREATED, Json(configuration_of(&service, &version, None))).into_response())
}

/// GET …/{name}/versions
pub async fn versions(State(service): State<Arc<Service>>, Path(name): Path<String>, uri: Uri) -> Answer {
    let function = FunctionName::parse(&name, None).map_err(ApiError::invalid)?;
    let known = service.registry.read().get(&function.name).cloned();
    let known = known.ok_or_else(|| service.function_not_found(&function))?;
    let versions: Vec<Value> = std::iter::once(&known.latest)
        .chain(known.published.values())
        .map(|version| configuration_of(&service, version, None))
        .collect();
    paged(&uri, "Versions", versions)
}

/// GET /2015-03-31/functions
pub async fn list(State(service): State<Arc<Service>>, uri: Uri) -> Answer {
    let all = Query::of(&uri)?.text("FunctionVersion") == Some("ALL");
    let functions = service.registry.read().clone();
    let versions = functions.values().flat_map(|function| {
        let published = function.published.values().filter(move |_| all);
        std::iter::once(&function.latest).chain(published)
    });
    let versions = versions.map(|version| configuration_of(&service, version, None)).collect();
    paged(&uri, "Functions", versions)
}

/// Answers a page of a list; its marker is the place of the next item.
fn paged(uri: &Uri, member: &str, items: Vec<Value>) -> Answer {
    let query = Query::of(uri)?;
    let from = query.count("Marker")?;
    let size = match query.count("MaxItems")? {
        0 => 50,
        size => size.min(10_000),
    };
    let more = items.len() > from.saturating_add(size);
    let page: Vec<Value> = items.into_iter().skip(from).take(size).collect();
    let mut answer = json!({ member: page });
    if more {
        answer["NextMarker"] = (from + size).to_string().into();
    }
    Ok(Json(answer).into_response())
}

/// GET …/{name}
pub async fn get(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let function = Query::of(&uri)?.function(&name)?;
    let version = find(&service, &function)?;
    let mut answer = json!({
        "Configuration": configuration_of(&service, &version, function.qualifier.as_deref()),
        "Tags": {},
    });
    if service.zip_path(&version).is_some() {
        let host = header(&headers, "host")?.unwrap_or_default();
        let location = format!("http://{host}/durabox/functions/{}/code/{}", version.name, version.version);
        answer["Code"] = json!({ "RepositoryType": "S3", "Location": location });
    }
    Ok(Json(answer).into_response())
}

/// GET /durabox/functions/{name}/code/{version}: the zip, as it was uploaded.
pub async fn code(State(service): State<Arc<Service>>, Path((name, version)): Path<(String, String)>) -> Answer {
    let function = FunctionName::parse(&name, Some(&version)).map_err(ApiError::invalid)?;
    let version = find(&service, &function)?;
    let path = service.zip_path(&version).ok_or_else(|| service.function_not_found(&function))?;
    let zip = std::fs::read(path).map_err(|error| ServiceError::Service(error.to_string()))?;
    Ok(([("content-type", "application/zip")], Body::from(zip)).into_response())
}

/// GET …/{name}/configuration
pub async fn configuration(State(service): State<Arc<Service>>, Path(name): Path<String>, uri: Uri) -> Answer {
    let function = Query::of(&uri)?.function(&name)?;
    let version = find(&service, &function)?;
    Ok(Json(configuration_of(&service, &version, function.qualifier.as_deref())).into_response())
}

/// DELETE …/{name}
pub async fn delete(State(service): State<Arc<Service>>, Path(name): Path<String>, uri: Uri) -> Answer {
    let function = Query::of(&uri)?.function(&name)?;
    if function.qualifier.is_some() {
        return Err(ApiError::invalid("a version by itself is not deleted here; delete the function"));
    }
    service.delete_function(&function)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Alias {
    name: Option<String>,
    function_version: String,
}

/// POST …/{name}/aliases
pub async fn create_alias(State(service): State<Arc<Service>>, Path(name): Path<String>, body: RequestBody) -> Answer {
    let function = FunctionName::parse(&name, None).map_err(ApiError::invalid)?;
    let Alias { name, function_version } = read(&body?)?;
    let alias = name.ok_or_else(|| ApiError::invalid("Name is missing"))?;
    service.put_alias(&function.name, &alias, &function_version, true)?;
    Ok((StatusCode::CREATED, Json(alias_of(&service, &function.name, &alias, &function_version))).into_response())
}

/// PUT …/{name}/aliases/{alias}
pub async fn update_alias(
    State(service): State<Arc<Service>>,
    Path((name, alias)): Path<(String, String)>,
    body: RequestBody,
) -> Answer {
    let function = FunctionName::parse(&name, None).map_err(ApiError::invalid)?;
    let Alias { function_version, .. } = read(&body?)?;
    service.put_alias(&function.name, &alias, &function_version, false)?;
    Ok(Json(alias_of(&service, &function.name, &alias, &function_version)).into_response())
}

/// GET …/{name}/aliases/{alias}
pub async fn alias(State(service): State<Arc<Service>>, Path((name, alias)): Path<(String, String)>) -> Answer {
    let function = FunctionName::parse(&name, Some(&alias)).map_err(ApiError::invalid)?;
    let version = service.registry.read().get(&function.name).and_then(|known| known.aliases.get(&alias).cloned());
    let version = version.ok_or_else(|| service.function_not_found(&function))?;
    Ok(Json(alias_of(&service, &function.name, &alias, &version)).into_response())
}

/// GET …/{name}/aliases
pub async fn aliases(State(service): State<Arc<Service>>, Path(name): Path<String>, uri: Uri) -> Answer {
    let function = FunctionName::parse(&name, None).map_err(ApiError::invalid)?;
    let known = service.registry.read().get(&function.name).cloned();
    let known = known.ok_or_else(|| service.function_not_found(&function))?;
    let aliases = known.aliases.iter().map(|(alias, version)| alias_of(&service, &function.name, alias, version));
    paged(&uri, "Aliases", aliases.collect())
}

fn alias_of(service: &Service, name: &str, alias: &str, version: &str) -> Value {
    json!({
        "AliasArn": service.options().account.qualified_arn(name, alias),
        "Name": alias,
        "FunctionVersion": version,
        "Description": "",
    })
}

fn find(service: &Service, function: &FunctionName) -> Result<Arc<FunctionVersion>, ApiError> {
    service.registry.find(function).ok_or_else(|| service.function_not_found(function).into())
}

/// Returns Lambda's FunctionConfiguration.
fn configuration_of(service: &Service, version: &FunctionVersion, qualifier: Option<&str>) -> Value {
    let settings = &version.settings;
    let account = &service.options().account;
    let arn = match qualifier.or(Some(version.version.as_str()).filter(|version| *version != LATEST)) {
        Some(qualifier) => account.qualified_arn(&version.name, qualifier),
        None => account.function_arn(&version.name),
    };
    let mut configuration = json!({
        "FunctionName": version.name,
        "FunctionArn": arn,
        "Role": settings.role,
        "CodeSize": version.code_size,
        "Description": settings.description,
        "Timeout": settings.timeout_seconds,
        "MemorySize": settings.memory_mb,
        "LastModified": version.last_modified.replace('Z', "+0000"),
        "CodeSha256": version.code_sha256,
        "Version": version.version,
        "TracingConfig": { "Mode": "PassThrough" },
        "RevisionId": version.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": settings.architectures,
        "EphemeralStorage": { "Size": 512 },
    });
    let mut add = |name: &str, member: Option<Value>| {
        if let Some(member) = member {
            configuration[name] = member;
        }
    };
    let in_process = matches!(version.code, Code::Component(_)).then(|| "provided.al2023".to_owned());
    add("Runtime", settings.runtime.clone().or(in_process).map(Value::from));
    add("Handler", settings.handler.clone().map(Value::from));
    add("DurableConfig", settings.durable_config.as_ref().and_then(|config| serde_json::to_value(config).ok()));
    if !settings.environment.is_empty() {
        add("Environment", Some(json!({ "Variables": settings.environment })));
    }
    configuration
}
