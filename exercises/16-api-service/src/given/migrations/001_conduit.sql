-- Times are milliseconds since 1970, UTC. Texts are compared byte by byte unless a column says otherwise.

-- Signs the tokens.
CREATE TABLE signing_keys (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    secret BLOB NOT NULL CHECK (length(secret) = 32)
) STRICT;

CREATE TABLE users (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    username        TEXT NOT NULL UNIQUE,
    -- As it was given; capitals (A to Z) make no difference when it is compared.
    email           TEXT NOT NULL UNIQUE COLLATE NOCASE,
    password_hash   TEXT NOT NULL,
    bio             TEXT CHECK (bio <> ''),
    image           TEXT CHECK (image <> ''),
    created_at      INTEGER NOT NULL,
    -- How many articles are theirs, and how many they have marked: kept by the triggers below, so that nobody counts.
    articles_count  INTEGER NOT NULL DEFAULT 0 CHECK (articles_count >= 0),
    favorites_count INTEGER NOT NULL DEFAULT 0 CHECK (favorites_count >= 0)
) STRICT;

CREATE TABLE follows (
    follower_id INTEGER NOT NULL REFERENCES users (id),
    followed_id INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (follower_id, followed_id)
) STRICT, WITHOUT ROWID;

-- A larger id is a newer article: "newest first" is `ORDER BY id DESC`.
CREATE TABLE articles (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Decided when the article is created, and never changed: links to it go on working.
    slug            TEXT NOT NULL UNIQUE,
    author_id       INTEGER NOT NULL REFERENCES users (id),
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    -- Kept by the triggers below.
    favorites_count INTEGER NOT NULL DEFAULT 0 CHECK (favorites_count >= 0),
    -- The tags in their order, as a JSON array of texts: a page of articles shows them without another table.
    tag_list        TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tag_list)),
    title           TEXT NOT NULL,
    description     TEXT NOT NULL,
    -- Last, because it is long: whoever does not ask for it does not read the pages that it fills.
    body            TEXT NOT NULL
) STRICT;

-- Every index of a table with an id ends with that id: one author's articles lie in it in their order.
CREATE INDEX articles_of_author ON articles (author_id);

-- The ids alone: a page far behind the first one passes over small entries here, and not over whole articles.
CREATE INDEX articles_in_order ON articles (id);

-- The same tags as in `articles.tag_list`, for whoever looks for the articles of a tag.
CREATE TABLE article_tags (
    tag        TEXT NOT NULL,
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    PRIMARY KEY (tag, article_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX tags_of_article ON article_tags (article_id);

CREATE TABLE favorites (
    user_id    INTEGER NOT NULL REFERENCES users (id),
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, article_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX favorites_of_article ON favorites (article_id);

-- AUTOINCREMENT: the id of a deleted comment never comes back.
CREATE TABLE comments (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    author_id  INTEGER NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    body       TEXT NOT NULL
) STRICT;

CREATE INDEX comments_of_article ON comments (article_id);

-- Counters. SQLite counts rows by reading them; a list that says how many there are of 100,000 would read an index of
-- 100,000 entries. So whoever adds or removes a row counts, in the same transaction, and whoever asks reads one number.

-- How many articles there are.
CREATE TABLE totals (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    articles INTEGER NOT NULL CHECK (articles >= 0)
) STRICT;

INSERT INTO totals (id, articles) VALUES (1, 0);

-- Every tag that some article has, and how many have it.
CREATE TABLE tags (
    name     TEXT PRIMARY KEY,
    articles INTEGER NOT NULL CHECK (articles >= 0)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER article_added AFTER INSERT ON articles BEGIN
    UPDATE totals SET articles = articles + 1;
    UPDATE users SET articles_count = articles_count + 1 WHERE id = new.author_id;
END;

CREATE TRIGGER article_removed AFTER DELETE ON articles BEGIN
    UPDATE totals SET articles = articles - 1;
    UPDATE users SET articles_count = articles_count - 1 WHERE id = old.author_id;
END;

CREATE TRIGGER tag_added AFTER INSERT ON article_tags BEGIN
    INSERT INTO tags (name, articles)
        SELECT new.tag, 0 WHERE NOT EXISTS (SELECT 1 FROM tags WHERE name = new.tag);
    UPDATE tags SET articles = articles + 1 WHERE name = new.tag;
END;

CREATE TRIGGER tag_removed AFTER DELETE ON article_tags BEGIN
    UPDATE tags SET articles = articles - 1 WHERE name = old.tag;
    DELETE FROM tags WHERE name = old.tag AND articles = 0;
END;

CREATE TRIGGER favorite_added AFTER INSERT ON favorites BEGIN
    UPDATE articles SET favorites_count = favorites_count + 1 WHERE id = new.article_id;
    UPDATE users SET favorites_count = favorites_count + 1 WHERE id = new.user_id;
END;

CREATE TRIGGER favorite_removed AFTER DELETE ON favorites BEGIN
    UPDATE articles SET favorites_count = favorites_count - 1 WHERE id = old.article_id;
    UPDATE users SET favorites_count = favorites_count - 1 WHERE id = old.user_id;
END;
