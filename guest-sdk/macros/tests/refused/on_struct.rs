use durabox_sdk as durable;

#[durable::main]
struct Order {
    id: String,
}
