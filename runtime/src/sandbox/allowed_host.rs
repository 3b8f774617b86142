use std::fmt;
use std::str::FromStr;

/// Hosts that steps may send requests to.
///
/// Written `api.example.com`, `api.example.com:8443`, `*.example.com` (every host below it, not
/// itself) or `*` (every host). Without a port every port is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    name: Name,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Any,
    /// With the dot before it.
    Below(String),
    Exactly(String),
}

/// Why a text does not say which hosts are allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an allowed host is HOST, HOST:PORT, *.DOMAIN or *, got {text:?}: {problem}")]
pub struct AllowedHostError {
    text: String,
    problem: &'static str,
}

impl AllowedHost {
    /// Whether requests to `host` (without brackets around an IPv6 address) and `port` are allowed.
    pub fn allows(&self, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        let named = match &self.name {
            Name::Any => true,
            Name::Below(domain) => host.len() > domain.len() && host.ends_with(domain.as_str()),
            Name::Exactly(name) => host == *name,
        };
        named && self.port.is_none_or(|allowed| allowed == port)
    }
}

impl FromStr for AllowedHost {
    type Err = AllowedHostError;

    fn from_str(text: &str) -> Result<Self, AllowedHostError> {
        parse(text).map_err(|problem| AllowedHostError { text: text.to_owned(), problem })
    }
}

fn parse(text: &str) -> Result<AllowedHost, &'static str> {
    if text.contains('/') || text.contains('@') {
        return Err("leave out the scheme, the user and the path");
    }
    let (name, port) = split_port(text)?;
    let port = match port {
        Some(port) => Some(port.parse().ok().filter(|&port| port > 0).ok_or("a port is a number from 1 to 65535")?),
        None => None,
    };
    let name = name.to_ascii_lowercase();
    let name = match name.strip_prefix('*') {
        Some("") => Name::Any,
        Some(domain) if domain.starts_with('.') && is_host(&domain[1..]) => Name::Below(domain.to_owned()),
        Some(_) => return Err("`*` stands alone, or before `.` and a domain"),
        None if is_host(&name) => Name::Exactly(name),
        None => return Err("this is not the name or the address of a host"),
    };
    Ok(AllowedHost { name, port })
}

/// Splits `HOST[:PORT]`; an IPv6 address stands in brackets if a port follows.
fn split_port(text: &str) -> Result<(&str, Option<&str>), &'static str> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, rest) = rest.split_once(']').ok_or("the bracket is not closed")?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((address, Some(port))),
            None if rest.is_empty() => Ok((address, None)),
            None => Err("after the bracket there is `:` and a port, or nothing"),
        };
    }
    match text.split_once(':') {
        Some((_, port)) if port.contains(':') => Ok((text, None)),
        Some((name, port)) => Ok((name, Some(port))),
        None => Ok((text, None)),
    }
}

fn is_host(name: &str) -> bool {
    let is_name = !name.is_empty()
        && name
            .split('.')
            .all(|label| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    is_name || name.parse::<std::net::Ipv6Addr>().is_ok()
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Name::Any => f.write_str("*")?,
            Name::Below(domain) => write!(f, "*{domain}")?,
            Name::Exactly(name) if name.contains(':') => write!(f, "[{name}]")?,
            Name::Exactly(name) => f.write_str(name)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_allowed_as_it_is_written() {
        for (text, host, port, allowed) in [
            ("api.example.com", "api.example.com", 443, true),
            ("API.example.com", "api.Example.com", 8443, true),
            ("api.example.com", "example.com", 443, false),
            ("api.example.com", "api.example.com.evil.test", 443, false),
            ("api.example.com:8443", "api.example.com", 8443, true),
            ("api.example.com:8443", "api.example.com", 443, false),
            ("*.example.com", "a.b.example.com", 443, true),
            ("*.example.com", "example.com", 443, false),
            ("*.example.com", "badexample.com", 443, false),
            ("*", "anything.test", 1, true),
            ("*:8080", "anything.test", 80, false),
            ("127.0.0.1", "127.0.0.1", 80, true),
            ("::1", "::1", 80, true),
            ("[::1]:8080", "::1", 8080, true),
            ("[::1]:8080", "::1", 80, false),
        ] {
            let pattern: AllowedHost = text.parse().expect("a host");
            assert_eq!(pattern.allows(host, port), allowed, "{text} {host}:{port}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused_with_the_reason() {
        for (text, word) in [
            ("https://api.example.com", "scheme"),
            ("api.example.com/v1", "path"),
            ("a.*.com", "name"),
            ("*example.com", "`*` stands alone"),
            ("example.com:http", "port"),
            ("example.com:0", "port"),
            ("[::1", "bracket"),
            ("", "name"),
        ] {
            let error = text.parse::<AllowedHost>().expect_err(text).to_string();
            assert!(error.contains(word) && error.contains(&format!("{text:?}")), "{error}");
        }
    }

    #[test]
    fn a_host_is_shown_as_it_is_written() {
        for text in ["api.example.com", "api.example.com:8443", "*.example.com", "*", "*:80", "[::1]:80"] {
            assert_eq!(text.parse::<AllowedHost>().expect("a host").to_string(), text);
        }
    }
}
