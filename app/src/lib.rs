//! The shell, the routes, and the pages before signing in.
#![recursion_limit = "512"]

mod account;
mod act_as;
mod confirm;
mod email;
mod home;
mod invitation;
mod mail_links;
mod missing;
mod password;
mod second_factor;
mod setup;
mod sign_in;
mod sign_in_link;
mod sign_up;

use access::lazy;
use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};

/// The page around the application: rendered by the server alone.
#[cfg(feature = "ssr")]
pub fn shell(options: leptos::config::LeptosOptions) -> impl IntoView {
    use leptos_meta::MetaTags;
    let package = format!("/{}", options.site_pkg_dir);
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href=access::icon()/>
                <link
                    rel="preload"
                    r#as="font"
                    r#type="font/woff2"
                    crossorigin="anonymous"
                    href=format!("{package}/inter-latin.woff2")
                />
                <link rel="stylesheet" href=format!("{package}/{}.css", options.output_name)/>
                <AutoReload options=options.clone()/>
                <HydrationScripts options=options.clone()/>
                <MetaTags/>
            </head>
            <body>
                <App/>
                <ui::IconSprite/>
            </body>
        </html>
    }
}

access::chunk!(
    door, __preload_door:
    home::Home, sign_in::SignInAnywhere, sign_in::SignInToProgram, second_factor::SecondFactorPage, password::Forgot,
    password::Reset, invitation::InvitationPage, sign_in_link::SignInLink, confirm::ConfirmPage, email::ConfirmEmailPage,
    sign_up::SignUpPage, sign_up::ConfirmSignUpPage,
);
access::chunk!(account_page, __preload_account_page: account::AccountPage);
access::chunk!(
    mail_link_pages, __preload_mail_link_pages: mail_links::ConfirmPayoutPage, mail_links::StopMailsPage,
);
access::chunk!(setup_pages, __preload_setup_pages: setup::Setup);

/// The application: the same on the server and in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    ui::provide_toasts();
    let titles = ui::provide_titles();
    view! {
        <Title formatter=titles/>
        <Router>
            <Routes fallback=missing::Missing>
                <Route path=path!("/") view={lazy::<home::Home>()} ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view={lazy::<sign_in::SignInAnywhere>()} ssr=SsrMode::Async/>
                <Route
                    path=path!("/p/:program/sign-in")
                    view={lazy::<sign_in::SignInToProgram>()}
                    ssr=SsrMode::Async
                />
                <Route path=path!("/p/:program/sign-up") view={lazy::<sign_up::SignUpPage>()} ssr=SsrMode::Async/>
                <Route
                    path=path!("/confirm-sign-up/:token")
                    view={lazy::<sign_up::ConfirmSignUpPage>()}
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/confirm-email/:token")
                    view={lazy::<email::ConfirmEmailPage>()}
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/confirm-payout-method/:token")
                    view={lazy::<mail_links::ConfirmPayoutPage>()}
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/stop-mails/:program/:notice/:key")
                    view={lazy::<mail_links::StopMailsPage>()}
                    ssr=SsrMode::Async
                />
                <Route path=path!("/second-factor") view={lazy::<second_factor::SecondFactorPage>()} ssr=SsrMode::Async/>
                <Route path=path!("/forgot-password") view={lazy::<password::Forgot>()} ssr=SsrMode::Async/>
                <Route path=path!("/reset-password/:token") view={lazy::<password::Reset>()} ssr=SsrMode::Async/>
                <Route
                    path=path!("/p/:program/forgot-password")
                    view={lazy::<password::Forgot>()}
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/p/:program/reset-password/:token")
                    view={lazy::<password::Reset>()}
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/accept-invitation/:token")
                    view={lazy::<invitation::InvitationPage>()}
                    ssr=SsrMode::Async
                />
                <Route
                    path=path!("/sign-in-link/:token")
                    view={lazy::<sign_in_link::SignInLink>()}
                    ssr=SsrMode::Async
                />
                <Route path=path!("/account") view={lazy::<account::AccountPage>()} ssr=SsrMode::Async/>
                <Route path=path!("/confirm") view={lazy::<confirm::ConfirmPage>()} ssr=SsrMode::Async/>
                <Route path=path!("/setup") view={lazy::<setup::Setup>()} ssr=SsrMode::Async/>
                <partner::PartnerRoutes/>
                <admin::NewProgramRoute/>
                <admin::AdminRoutes/>
            </Routes>
        </Router>
    }
}
