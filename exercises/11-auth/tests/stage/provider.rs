//! Another service, with which one can sign in: as strict as the standards, and on demand as bad as the worst.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use auth::oauth::Provider;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::server::{Server, spawn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// 2001-09-09: far from the clock of whatever machine runs this.
pub const NOW: i64 = 1_000_000_000;

/// The provider's name.
pub const ISSUER: &str = "https://id.example";

/// Where it sends browsers back to. It has a query, and characters that must be encoded.
pub const REDIRECT: &str = "https://lantern.example/oauth/callback?shop=main+street&x=%C3%A9";

/// The key pair of RFC 8037, appendix A: everybody knows it, so it is nobody's secret.
const PRIVATE: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
/// Its public half, in base64url.
pub const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

/// What the provider does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mischief {
    None,
    /// It comes back with another `state`.
    OtherState,
    /// It comes back as another issuer, or as none.
    OtherIssuer,
    NoIssuer,
    /// The person says no; or it fails itself.
    Denies,
    Fails,
    /// Its ID token is for another client, another attempt, of another issuer, too old, or not signed.
    OtherClient,
    OtherNonce,
    OtherIssuerInToken,
    OldToken,
    Unsigned,
    /// The token endpoint answers with a status.
    Status(u16),
    /// It answers 200 with something else.
    NotJson,
    NoToken,
    TokenIsNumber,
    /// It sends us, and our secret, elsewhere.
    Elsewhere,
}

struct Grant {
    challenge: String,
    nonce: String,
}

struct Inner {
    mischief: Mischief,
    codes: HashMap<String, Grant>,
    given: usize,
    asked: Vec<HashMap<String, String>>,
    elsewhere: usize,
    sub: String,
    email: Option<String>,
}

#[derive(Clone)]
struct Shared {
    inner: Arc<Mutex<Inner>>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no handler panics")
    }
}

/// The running provider.
pub struct IdentityProvider {
    pub server: Server,
    shared: Shared,
}

/// Starts one.
pub async fn provider() -> IdentityProvider {
    let shared = Shared {
        inner: Arc::new(Mutex::new(Inner {
            mischief: Mischief::None,
            codes: HashMap::new(),
            given: 0,
            asked: Vec::new(),
            elsewhere: 0,
            sub: "sub-7".to_owned(),
            email: Some("ada@lantern.example".to_owned()),
        })),
    };
    let router = Router::new()
        .route("/authorize", get(authorize))
        .route("/token", any(token))
        .route("/elsewhere", any(elsewhere))
        .with_state(shared.clone());
    IdentityProvider {
        server: spawn(router).await,
        shared,
    }
}

impl IdentityProvider {
    /// What the shop knows of it.
    pub fn settings(&self) -> Provider {
        Provider {
            issuer: ISSUER.to_owned(),
            authorize_url: self.server.url("/authorize?tenant=7"),
            token_url: self.server.url("/token"),
            client_id: "lantern & sons".to_owned(),
            client_secret: "s3cret+of/Lantern=&%".to_owned(),
            redirect_uri: REDIRECT.to_owned(),
            public_key: PUBLIC.to_owned(),
        }
    }

    pub fn does(&self, mischief: Mischief) {
        self.shared.lock().mischief = mischief;
    }

    /// Who signs in from now on.
    pub fn person(&self, sub: &str, email: Option<&str>) {
        let mut inner = self.shared.lock();
        inner.sub = sub.to_owned();
        inner.email = email.map(str::to_owned);
    }

    /// A code as if somebody had agreed, for a challenge.
    pub fn code(&self, challenge: &str) -> String {
        grant(&mut self.shared.lock(), challenge, "no nonce")
    }

    /// The forms that came to the token endpoint.
    pub fn asked(&self) -> Vec<HashMap<String, String>> {
        self.shared.lock().asked.clone()
    }

    /// How many requests came where none should.
    pub fn elsewhere(&self) -> usize {
        self.shared.lock().elsewhere
    }
}

/// Codes have characters that must be encoded in a form.
fn grant(inner: &mut Inner, challenge: &str, nonce: &str) -> String {
    inner.given += 1;
    let code = format!("code+{}/=&%", inner.given);
    let grant = Grant {
        challenge: challenge.to_owned(),
        nonce: nonce.to_owned(),
    };
    inner.codes.insert(code.clone(), grant);
    code
}

fn refusal(text: String) -> Response {
    (StatusCode::BAD_REQUEST, text).into_response()
}

/// Asks the person, who agrees, and sends the browser back.
async fn authorize(
    State(shared): State<Shared>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let mut asked: HashMap<String, String> = HashMap::new();
    for (name, value) in pairs {
        if asked.insert(name.clone(), value).is_some() {
            return refusal(format!("`{name}` is there twice"));
        }
    }
    let get = |name: &str| asked.get(name).cloned().unwrap_or_default();
    for (name, expected) in [
        ("tenant", "7"),
        ("response_type", "code"),
        ("client_id", "lantern & sons"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid email"),
        ("code_challenge_method", "S256"),
    ] {
        if get(name) != expected {
            return refusal(format!(
                "`{name}` is {:?}, expected {expected:?}",
                get(name)
            ));
        }
    }
    for name in ["state", "nonce", "code_challenge"] {
        if get(name).len() != 43 {
            return refusal(format!(
                "`{name}` is {:?}, not 32 bytes in base64url",
                get(name)
            ));
        }
    }
    let mut inner = shared.lock();
    let code = grant(&mut inner, &get("code_challenge"), &get("nonce"));
    let mischief = inner.mischief;
    drop(inner);
    let mut back = Url::parse(REDIRECT).expect("an address");
    {
        let mut query = back.query_pairs_mut();
        match mischief {
            Mischief::Denies => query.append_pair("error", "access_denied"),
            Mischief::Fails => query.append_pair("error", "server_error"),
            _ => query.append_pair("code", &code),
        };
        match mischief {
            Mischief::OtherState => query.append_pair("state", &"A".repeat(43)),
            _ => query.append_pair("state", &get("state")),
        };
        match mischief {
            Mischief::NoIssuer => {}
            Mischief::OtherIssuer => {
                query.append_pair("iss", "https://evil.example");
            }
            _ => {
                query.append_pair("iss", ISSUER);
            }
        }
    }
    Redirect::to(back.as_str()).into_response()
}

/// Where our secret must never come.
async fn elsewhere(State(shared): State<Shared>) -> Response {
    shared.lock().elsewhere += 1;
    Json(json!({"id_token": "stolen"})).into_response()
}

/// Gives a token for a code, once, and only for everything that belongs to it.
async fn token(
    State(shared): State<Shared>,
    method: Method,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    let (Method::POST, Ok(Form(pairs))) = (method, form) else {
        shared.lock().asked.push(HashMap::new());
        return refusal("expected a POST with a form".to_owned());
    };
    let asked: HashMap<String, String> = pairs.iter().cloned().collect();
    let mut inner = shared.lock();
    inner.asked.push(asked.clone());
    let mischief = inner.mischief;
    let get = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    for (name, expected) in [
        ("grant_type", "authorization_code"),
        ("redirect_uri", REDIRECT),
        ("client_id", "lantern & sons"),
        ("client_secret", "s3cret+of/Lantern=&%"),
    ] {
        if get(name) != expected || asked.len() != pairs.len() {
            return refusal(format!("`{name}`: {asked:?}"));
        }
    }
    let Some(grant) = inner.codes.remove(get("code")) else {
        let error = Json(json!({"error": "invalid_grant"}));
        return (StatusCode::BAD_REQUEST, error).into_response();
    };
    let hash = Sha256::digest(get("code_verifier").as_bytes());
    if BASE64URL_NOPAD.encode(&hash) != grant.challenge {
        return refusal("the verifier does not fit".to_owned());
    }
    let id_token = id_token(&inner, &grant.nonce, mischief);
    drop(inner);
    let answer = json!({
        "access_token": "not for us", "token_type": "Bearer", "expires_in": 3600, "id_token": id_token
    });
    match mischief {
        Mischief::Status(status) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, Json(answer)).into_response()
        }
        Mischief::NotJson => "id_token=abc".into_response(),
        Mischief::NoToken => Json(json!({"access_token": "not for us"})).into_response(),
        Mischief::TokenIsNumber => Json(json!({"id_token": 7})).into_response(),
        Mischief::Elsewhere => Redirect::temporary("/elsewhere").into_response(),
        _ => Json(answer).into_response(),
    }
}

/// The ID token, signed as promised unless it is the mischief.
fn id_token(inner: &Inner, nonce: &str, mischief: Mischief) -> String {
    let mut claims = claims(nonce);
    claims["sub"] = json!(inner.sub);
    match &inner.email {
        Some(email) => claims["email"] = json!(email),
        None => claims["email"] = Value::Null,
    }
    match mischief {
        Mischief::OtherClient => claims["aud"] = json!("another shop"),
        Mischief::OtherNonce => claims["nonce"] = json!("A".repeat(43)),
        Mischief::OtherIssuerInToken => claims["iss"] = json!("https://evil.example"),
        Mischief::OldToken => claims["exp"] = json!(NOW - 3_600),
        _ => {}
    }
    let token = signed(&claims);
    match (mischief, token.rsplit_once('.')) {
        (Mischief::Unsigned, Some((content, _))) => format!("{content}."),
        _ => token,
    }
}

/// The claims of a right token.
pub fn claims(nonce: &str) -> Value {
    json!({
        "iss": ISSUER, "aud": "lantern & sons", "sub": "sub-7", "nonce": nonce,
        "iat": NOW, "exp": NOW + 300, "email": "ada@lantern.example"
    })
}

/// The key with which the provider signs.
pub fn signing_key() -> EncodingKey {
    // The head of an Ed25519 key in PKCS#8, and the key.
    let hex = format!("302e020100300506032b657004220420{PRIVATE}");
    let der = HEXLOWER.decode(hex.as_bytes()).expect("hexadecimal");
    EncodingKey::from_ed_der(&der)
}

/// A token with the provider's signature.
pub fn signed(claims: &Value) -> String {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some("2001-09".to_owned());
    jsonwebtoken::encode(&header, claims, &signing_key()).expect("a token")
}

/// How a token endpoint answers that speaks through a bare socket.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A body of whatever length, which ends with the connection.
    Body(String),
    /// A body that does not end: 256 MiB of spaces.
    Endless,
    /// Nothing at all.
    Silent,
    /// Half of a body, and then nothing.
    Half(String),
    /// A space now and then, so that it is never silent for long.
    Drips,
}

/// Starts such an endpoint: its address, and how many bytes of a body it could send.
pub async fn endpoint(answer: Answer) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            read_request(&mut socket).await;
            // Whoever has read enough hangs up; there is nobody to tell.
            let _ = write_answer(&mut socket, &answer, &counted).await;
        }
    });
    (format!("http://{address}/token"), sent)
}

/// Reads a head and the body that it announces.
async fn read_request(socket: &mut TcpStream) {
    let mut seen = Vec::new();
    let mut piece = [0; 4_096];
    while let Ok(read @ 1..) = socket.read(&mut piece).await {
        seen.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&seen).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"))
            .and_then(|length| length.trim().parse().ok())
            .unwrap_or(0);
        if body.len() >= length {
            return;
        }
    }
}

async fn write_answer(
    socket: &mut TcpStream,
    answer: &Answer,
    sent: &AtomicUsize,
) -> std::io::Result<()> {
    if matches!(answer, Answer::Silent) {
        return std::future::pending().await;
    }
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n";
    socket.write_all(head.as_bytes()).await?;
    match answer {
        Answer::Body(text) => socket.write_all(text.as_bytes()).await?,
        Answer::Half(text) => {
            socket.write_all(&text.as_bytes()[..text.len() / 2]).await?;
            return std::future::pending().await;
        }
        Answer::Endless => {
            let piece = [b' '; 65_536];
            for _ in 0..4_096 {
                socket.write_all(&piece).await?;
                sent.fetch_add(piece.len(), Ordering::SeqCst);
            }
        }
        Answer::Drips => {
            let mut pace = tokio::time::interval(Duration::from_millis(5));
            loop {
                pace.tick().await;
                socket.write_all(b" ").await?;
            }
        }
        Answer::Silent => {}
    }
    socket.shutdown().await
}
