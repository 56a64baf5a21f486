//! The router over HTTP, on a real database: what companies, visitors and strangers are answered.

mod api;
mod bad_input;
mod browser;
mod capture;
mod exports;
mod files;
mod functions;
mod killed;
mod leads;
mod links;
mod payments;
mod shop;
mod site;
mod snippet;
