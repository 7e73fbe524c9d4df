@echo off
rem Takes baove's agent away from this PC: the service, the programs, and what it kept. As administrator.
rem
rem   uninstall.cmd [/keepdata]
setlocal
set "TOP=%ProgramFiles%"
if defined ProgramW6432 set "TOP=%ProgramW6432%"
set "TOP=%TOP%\baove"
set "CODE=0"
for /f "delims=" %%V in ('dir /b /ad "%TOP%"') do if exist "%TOP%\%%V\installed" call :remove "%TOP%\%%V" %*
if not "%CODE%"=="0" exit /b %CODE%
cd /d "%TEMP%"
rem One line, since this file goes with the folder; more than once, since what has just ended is let go of a moment later.
for /l %%N in (1,1,10) do if exist "%TOP%" rmdir /s /q "%TOP%" 2>nul & if exist "%TOP%" ping -n 2 127.0.0.1 >nul 2>nul
exit /b

:remove
"%~1\python\python.exe" -P -m agent.service.setup remove %2
if errorlevel 1 set "CODE=2"
exit /b
