//! Batches of all shapes.

use super::*;

#[tokio::test]
async fn panic_fails_its_message_alone() {
    let bridge = spoilt(|request| {
        let order: Value = serde_json::from_slice(body_of(request)).unwrap();
        assert!(fixture::example().customer_id(&order) != Some("3"), "a bug");
        None
    })
    .await;
    bridge.enqueue((1..=5).map(message));
    assert_eq!(bridge.deliver(10).await.1, ["message-3"]);
    assert_eq!(bridge.sandbox.ledger().len(), 4);
    let hidden = visibilities(&bridge);
    assert!(hidden.len() == 1 && (15..=30).contains(&hidden[0]), "{hidden:?}");
}

#[tokio::test]
async fn batch_of_any_shape_is_handled() {
    let bridge = bridge().await;
    let handle = async |event: Value| {
        let deadline = Instant::now() + FUNCTION_TIMEOUT;
        let answer = bridge
            .submit
            .handle(&raw(&event), until(deadline))
            .await
            .map_err(|error| error.to_string())?;
        Ok::<Value, String>(serde_json::to_value(answer).unwrap())
    };
    let nothing_failed = json!({"batchItemFailures": []});
    assert_eq!(handle(json!({"Records": []})).await, Ok(nothing_failed.clone()));

    for event in [
        json!({}),
        json!([]),
        json!("Given Family"),
        json!({"Records": "Given Family"}),
        json!({"Records": [{"body": 5}]}),
    ] {
        let error = handle(event).await.unwrap_err();
        assert!(error.starts_with("the input is not an SQS event: "), "{error}");
        assert!(!error.contains("Given"), "{error}");
    }

    // Without an id nothing is wrong as long as nothing has to be named.
    assert_eq!(
        handle(json!({"Records": [{"body": message(1)}]})).await,
        Ok(nothing_failed.clone())
    );
    bridge
        .sandbox
        .set_faults([on_orders(Answer::status(503)).customer("2")]);
    for id in [json!(null), json!("")] {
        let record = json!({"messageId": id, "receiptHandle": "gone#1", "body": message(2)});
        let error = handle(json!({"Records": [record, {"messageId": "x", "body": message(3)}]}))
            .await
            .unwrap_err();
        assert!(
            error.contains("a message that must be retried has no messageId"),
            "{error}"
        );
    }
    // Delivered twice in one batch, it is named once.
    let twice = json!({"messageId": "a", "body": message(2)});
    assert_eq!(
        handle(json!({"Records": [twice, twice]})).await,
        Ok(json!({"batchItemFailures": [{"itemIdentifier": "a"}]}))
    );
    // Without a body it is no message; without a receipt its visibility stays as it is.
    for record in [
        json!({"messageId": "a"}),
        json!({"messageId": "a", "body": null}),
        json!({"messageId": "a", "body": message(2)}),
    ] {
        let failed = json!({"batchItemFailures": [{"itemIdentifier": "a"}]});
        assert_eq!(handle(json!({"Records": [record]})).await, Ok(failed));
    }
}

#[tokio::test]
async fn batch_of_ten_thousand_messages_is_handled() {
    let bridge = spoilt(|_| Some(transport::Answer::default())).await;
    let mut large: Value = serde_json::from_str(&message(0)).unwrap();
    large["customer"]["note"] = json!("x".repeat(1_048_576 - message(0).len() - r#","note":"""#.len()));
    assert_eq!(large.to_string().len(), 1_048_576);
    bridge.enqueue((1..10_000).map(message).chain([large.to_string()]));
    let (received, failed) = bridge.deliver(10_000).await;
    assert_eq!((received.len(), failed.len()), (10_000, 0));
    assert_eq!(bridge.dead_letters().len(), 0);
}
