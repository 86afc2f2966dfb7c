//! A browser without JavaScript: it keeps cookies, and sends the forms of the pages that it has opened.

use std::collections::BTreeMap;

use reqwest::{RequestBuilder, Response};

use crate::world::World;

pub struct Browser<'a> {
    world: &'a World,
    pub cookies: BTreeMap<String, String>,
    /// The page that is open.
    pub html: String,
    pub status: u16,
}

impl<'a> Browser<'a> {
    pub fn new(world: &'a World) -> Self {
        Self {
            world,
            cookies: BTreeMap::new(),
            html: String::new(),
            status: 0,
        }
    }

    pub async fn open(&mut self, path: &str) {
        self.send(self.world.server.get(path)).await;
    }

    /// Sends a form with the hidden token of the open page, and follows the redirect.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) {
        let csrf = self.hidden("csrf");
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.send(self.world.server.post(path).form(&all)).await;
    }

    /// The value of a hidden field of the open page.
    pub fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let rest = self.html.split_once(&mark).map_or("", |(_, rest)| rest);
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    pub async fn send(&mut self, request: RequestBuilder) {
        let mut response = self.exchange(request).await;
        while let Some(next) = response.headers().get("location") {
            let path = next.to_str().expect("text").to_owned();
            response = self.exchange(self.world.server.get(&path)).await;
        }
        self.status = response.status().as_u16();
        let html = response.text().await.expect("a page");
        // Templates write a slash in this way; a browser reads it as one.
        self.html = html.replace("&#x2f;", "/");
    }

    async fn exchange(&mut self, request: RequestBuilder) -> Response {
        let line: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let response = request
            .header("cookie", line.join("; "))
            .send()
            .await
            .expect("an answer");
        for line in response.headers().get_all("set-cookie") {
            let line = line.to_str().expect("text");
            assert!(
                line.contains("; Secure")
                    && line.contains("; HttpOnly")
                    && line.contains("; Path=/"),
                "{line}"
            );
            let (name, rest) = line.split_once('=').expect("a cookie");
            assert!(name.starts_with("__Host-"), "{line}");
            let value = rest.split(';').next().unwrap_or_default();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }
}
