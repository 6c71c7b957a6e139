//! Every operation of the Rust SDK against the gateway, over real HTTP.

mod gateway;
mod governance;
mod messages;
mod models;
mod operations;
mod projects;
mod runs;
mod samples;
mod services;
mod usage;
mod webhooks;
mod workspaces;

use std::future::Future;
use std::sync::Once;

/// Makes a test of each, and one that says that together they call every operation.
///
/// That one does what the others have not done yet; nothing is done twice.
macro_rules! tests {
    ($($module:ident: $($test:ident),*;)*) => {
        $($(
            #[test]
            fn $test() {
                static DONE: Once = Once::new();
                DONE.call_once(|| finish($module::$test()));
            }
        )*)*

        #[test]
        fn every_operation_of_the_specification_is_called() {
            $($($test();)*)*

            assert_eq!(operations::missing(), [""; 0]);
        }
    };
}

fn finish(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().expect("a runtime");
    runtime.block_on(test);
}

tests! {
    governance: a_policy_is_tried_and_enforced, a_request_waits_for_a_person,
        what_was_asked_is_read_again;
    messages: a_cut_message_is_an_error, a_message_is_answered,
        a_streamed_message_folds_to_the_answer, an_error_in_mid_stream_is_an_error,
        refusals_say_why, texts_and_thoughts_arrive_in_pieces,
        the_chunks_of_a_chat_add_up_to_its_answer,
        the_vectors_of_an_answer_are_the_same_in_both_encodings, tokens_are_counted;
    models: a_provider_is_set_and_taken_away, health_needs_no_key, models_are_listed_and_read,
        models_are_recommended_and_tokens_priced;
    projects: a_key_lives_and_dies, a_project_lives_and_dies, an_admin_key_says_what_it_is,
        a_repeated_call_is_answered_once, keys_are_listed;
    runs: a_run_is_cancelled, a_run_is_carried_out, a_run_is_followed_from_a_cursor,
        a_run_is_read_as_far_as_it_is, a_run_outlives_its_reader,
        a_stream_survives_two_cuts, a_streamed_run_comes_to_its_end,
        a_streamed_run_gives_its_result, runs_are_listed;
    services: a_call_of_no_service_is_refused, a_service_has_a_credential;
    usage: spending_is_bounded_and_summed_up, the_gateway_tells_how_it_fares;
    webhooks: a_webhook_is_told_and_changed;
    workspaces: a_person_agrees_to_a_draft;
}
