//! Orders, which are their owners' business, and reviews, which everybody can read.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use rusqlite::{OptionalExtension, params};
use serde::Deserialize;
use serde_json::{Value, json};

use super::failure::{Body, Failure, Ids};
use super::shop::Shop;
use crate::extractor::{CurrentUser, StaffUser};
use crate::given::orders::{Order, OwnershipError};
use crate::ownership;

/// How many characters a title has at most, and how many a review.
const MOST_TITLE: usize = 200;
const MOST_REVIEW: usize = 2_000;

/// What is ordered.
#[derive(Deserialize)]
pub struct NewOrder {
    pub title: String,
    pub copies: u8,
}

fn text(text: &str, most: usize) -> Result<(), Failure> {
    if text.is_empty() || text.chars().count() > most {
        let said = "the text is empty, or too long";
        return Err(Failure::Refused(StatusCode::UNPROCESSABLE_ENTITY, said));
    }
    Ok(())
}

/// `POST /orders`
///
/// # Errors
///
/// A title that is empty or too long.
pub async fn add(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
    Body(new): Body<NewOrder>,
) -> Result<impl IntoResponse, Failure> {
    text(&new.title, MOST_TITLE)?;
    let order = shop.ask(move |_, connection| {
        let transaction = connection.transaction()?;
        transaction.execute("INSERT INTO orders (owner) VALUES (?1)", [user.id])?;
        let id = transaction.last_insert_rowid();
        let sql = "INSERT INTO lines (order_id, title, copies) VALUES (?1, ?2, ?3)";
        transaction.execute(sql, params![id, new.title, new.copies])?;
        let order = ownership::find(&transaction, user.id, id)?;
        transaction.commit()?;
        Ok(order)
    });
    let order = order.await?;
    let place = [(header::LOCATION, format!("/orders/{}", order.id))];
    Ok((StatusCode::CREATED, place, Json(order)))
}

/// `GET /orders`
///
/// # Errors
///
/// When the database fails.
pub async fn list(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
) -> Result<Json<Value>, Failure> {
    let listed = shop.ask(move |_, connection| Ok(ownership::list(connection, user.id)?));
    Ok(Json(json!({ "orders": listed.await? })))
}

/// `GET /orders/{id}`
///
/// # Errors
///
/// When there is none of this user's.
pub async fn show(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
    Ids(id): Ids<i64>,
) -> Result<Json<Order>, Failure> {
    let found = shop.ask(move |_, connection| Ok(ownership::find(connection, user.id, id)?));
    Ok(Json(found.await?))
}

/// `POST /orders/{id}/cancelling`
///
/// # Errors
///
/// When there is none of this user's, or it has left.
pub async fn cancel(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
    Ids(id): Ids<i64>,
) -> Result<StatusCode, Failure> {
    let cancelled = shop.ask(move |_, connection| Ok(ownership::cancel(connection, user.id, id)?));
    cancelled.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How many are wanted.
#[derive(Deserialize)]
pub struct Copies {
    pub copies: u8,
}

/// `PUT /orders/{id}/lines/{line}`
///
/// # Errors
///
/// When there is no such line in an order of this user's, or the order is not open.
pub async fn set_copies(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
    Ids((id, line)): Ids<(i64, i64)>,
    Body(form): Body<Copies>,
) -> Result<StatusCode, Failure> {
    let set = shop.ask(move |_, connection| {
        Ok(ownership::set_copies(
            connection,
            user.id,
            id,
            line,
            form.copies,
        )?)
    });
    set.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whose it is to be.
#[derive(Deserialize)]
pub struct NewOwner {
    pub user: i64,
}

/// `PUT /orders/{id}/owner`
///
/// # Errors
///
/// When there is none of this user's, or nobody to give it to.
pub async fn give(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
    Ids(id): Ids<i64>,
    Body(form): Body<NewOwner>,
) -> Result<StatusCode, Failure> {
    let given =
        shop.ask(move |_, connection| Ok(ownership::give(connection, user.id, id, form.user)?));
    given.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /orders/{id}/shipping`: the packer's step, for anybody's order.
///
/// # Errors
///
/// When there is no such order, or it is not open.
pub async fn ship(
    State(shop): State<Shop>,
    StaffUser(_): StaffUser,
    Ids(id): Ids<i64>,
) -> Result<StatusCode, Failure> {
    let shipped = shop.ask(move |_, connection| {
        let sql = "UPDATE orders SET state = 'shipped' WHERE id = ?1 AND state = 'open'";
        if connection.execute(sql, [id])? == 1 {
            return Ok(());
        }
        let sql = "SELECT id FROM orders WHERE id = ?1";
        let there: Option<i64> = connection
            .query_row(sql, [id], |row| row.get(0))
            .optional()?;
        Err(match there {
            Some(_) => OwnershipError::NotOpen.into(),
            None => Failure::MISSING,
        })
    });
    shipped.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /staff/orders`: what is to be done, the oldest first, a hundred at most.
///
/// # Errors
///
/// When the database fails.
pub async fn open_orders(
    State(shop): State<Shop>,
    StaffUser(_): StaffUser,
) -> Result<Json<Value>, Failure> {
    let open = shop.ask(|_, connection| {
        let sql = "SELECT id FROM orders WHERE state = 'open' ORDER BY id LIMIT 100";
        let mut statement = connection.prepare(sql)?;
        let ids = statement.query_map([], |row| row.get(0))?;
        let ids: Vec<i64> = ids.collect::<rusqlite::Result<_>>()?;
        Ok(ids)
    });
    Ok(Json(json!({ "open": open.await? })))
}

/// What somebody says of a book.
#[derive(Deserialize)]
pub struct NewReview {
    pub text: String,
}

/// `POST /reviews`
///
/// # Errors
///
/// A text that is empty or too long.
pub async fn add_review(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
    Body(new): Body<NewReview>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    text(&new.text, MOST_REVIEW)?;
    let added = shop.ask(move |_, connection| {
        let sql = "INSERT INTO reviews (author, text) VALUES (?1, ?2)";
        connection.execute(sql, params![user.id, new.text])?;
        Ok(connection.last_insert_rowid())
    });
    Ok((StatusCode::CREATED, Json(json!({ "id": added.await? }))))
}

/// `GET /reviews`: the newest hundred, for everybody.
///
/// # Errors
///
/// When the database fails.
pub async fn reviews(State(shop): State<Shop>) -> Result<Json<Value>, Failure> {
    let found = shop.ask(|_, connection| {
        let sql = "SELECT id, author, text FROM reviews ORDER BY id DESC LIMIT 100";
        let mut statement = connection.prepare(sql)?;
        let reviews = statement.query_map([], |row| {
            let (id, author): (i64, i64) = (row.get(0)?, row.get(1)?);
            let text: String = row.get(2)?;
            Ok(json!({ "id": id, "author": author, "text": text }))
        })?;
        let reviews: Vec<Value> = reviews.collect::<rusqlite::Result<_>>()?;
        Ok(reviews)
    });
    Ok(Json(json!({ "reviews": found.await? })))
}

/// `PUT /reviews/{id}`
///
/// # Errors
///
/// When there is none, or it is somebody else's.
pub async fn edit_review(
    State(shop): State<Shop>,
    CurrentUser(user): CurrentUser,
    Ids(id): Ids<i64>,
    Body(new): Body<NewReview>,
) -> Result<StatusCode, Failure> {
    text(&new.text, MOST_REVIEW)?;
    let edited = shop
        .ask(move |_, connection| Ok(ownership::edit_review(connection, user.id, id, &new.text)?));
    edited.await?;
    Ok(StatusCode::NO_CONTENT)
}
